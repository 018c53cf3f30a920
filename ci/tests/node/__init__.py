"""Tests of the process node."""
