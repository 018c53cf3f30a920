"""Faults that can be switched on in the reference implementation, to prove that the suites find them.

Each is a small class that wraps one method of one component when that component starts; the clean code
knows nothing of them. ``registry`` finds them by name.
"""
