"""The result of a check: findings, gate, report, and its JSON form. Pure."""
