"""GitHub: events, pull requests, comments. The only importer of PyGithub."""
