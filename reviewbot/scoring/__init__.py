"""Hidden states in, the risk of each line with reasons out. Knows no forge and no gate."""
