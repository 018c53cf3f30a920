"""What is told about a run, and where. Words come from ``words``, so that every report says the same."""
