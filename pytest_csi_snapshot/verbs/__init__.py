"""The handful of verbs that tests are written with, by what they act on."""
