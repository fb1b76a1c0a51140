"""Who wrote each added line, from evidence. Pure: `git` and `github` gather the evidence."""
