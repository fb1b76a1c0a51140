"""The settings: one table, the sources of their values, and the commit they are trusted from."""
