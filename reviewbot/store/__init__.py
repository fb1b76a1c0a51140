"""Models on this disk: fetched from one of four sources, hash compared, converted once."""
