"""Local repositories, read-only, through the git program. Knows no forge and no model."""
