"""Clauses of the CSI calls themselves: they need a driver's socket, and no cluster."""
