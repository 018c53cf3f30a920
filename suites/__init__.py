"""The conformance tests, one file a family of clauses."""
