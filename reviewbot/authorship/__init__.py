"""Who wrote each added line, by what evidence. `resolve.attribute` is the entry point.

Pure functions and values. `git` and `github` read what is looked at; nothing here opens a file,
runs a program or raises for bad text.
"""
