"""Traits that other, equally right drivers have and this one has not: less is announced, less is accepted.

A driver process takes them with ``--trait``, so that clauses about such drivers can be seen. Unlike a fault, a
trait breaks no clause. Each is a small class that wraps methods of the services; the clean code knows none.
"""
