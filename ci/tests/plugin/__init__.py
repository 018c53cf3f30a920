"""Tests of the plugin core: each runs pytest in a process of its own, on a cluster that only writes a log."""
