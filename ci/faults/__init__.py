"""The proof that the suites find faults: each fault of the reference implementation, judged on a real cluster.

    PYTHONPATH=ci python -m faults

keeps a few embedded clusters, switches one fault after the other on in each, runs the tests of the clauses that
the fault breaks, and says which of them turned red.
"""
