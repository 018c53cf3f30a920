"""Self-tests of the library that tests are written with: no cluster, no driver."""
