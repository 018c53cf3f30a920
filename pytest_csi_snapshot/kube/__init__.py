"""The Kubernetes API as this project sees it: plain JSON objects, paths, and typed refusals."""
