"""Pods that write and read volumes: plain shell in any image, answering through the termination message."""
