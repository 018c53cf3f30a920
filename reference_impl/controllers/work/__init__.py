"""Level-triggered work: a queue of keys, workers that bring each object to its desired state, a process."""
