"""The report of a run: one document (``model``) from which everything else about the run is told."""
