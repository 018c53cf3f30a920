"""The bench itself: what it makes of values, not the values."""
