"""The parts of the proof that need no cluster: choosing, judging, telling, comparing."""
