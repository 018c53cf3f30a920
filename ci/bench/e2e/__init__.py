"""Kubernetes' own end-to-end tests of storage, ``e2e.test``: built from its pinned module, and run on a cluster.

Which of its cases are meant, and what tests of ours judge the same, is in ``cases``.
"""
