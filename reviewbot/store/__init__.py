"""Models on this disk: taken from a path or from the hub, hash compared, converted once."""
