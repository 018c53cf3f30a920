"""Measures this project against its budgets, and the nine common cases beside Kubernetes' own tests.

``python ci/bench``, or ``make bench`` for everything; see ``--help`` and docs/bench.md.
"""
