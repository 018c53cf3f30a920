"""Clauses that a driver of another kind shows: on companions of the reference driver, or on the driver itself."""
