"""GitHub, through PyGithub: reading a pull request, and posting on it once. The only importer."""
