"""A reference CSI driver, its controllers and backend, each started as a process of its own."""
