"""Unified diff text to `Change`: parsing, languages, and rules for lines that are not scored.

Pure functions and values: no git, no files, no settings, no scores.
"""
