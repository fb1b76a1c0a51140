"""The settings: one table, the sources of their values, and what a change may set for itself.

Files come in through `load.from_files` or as bytes from the caller: nothing here asks git, a forge
or click.
"""
