"""The reference implementation, tested as what it is: programs that are started, used and killed."""
