"""The library's own way to speak CSI: it shares no code with the reference driver."""
