"""The API server as the controllers need it: plain JSON, caches fed by watches, events, leases."""
