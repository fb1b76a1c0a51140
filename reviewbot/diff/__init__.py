"""A unified diff becomes a `Change`; languages, and which lines are scored. Pure."""
