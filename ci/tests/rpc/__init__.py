"""The suites of the CSI calls, against drivers that are right and drivers that are wrong."""
