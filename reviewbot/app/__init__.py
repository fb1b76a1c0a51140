"""The use cases, without click: what a command does once its arguments are parsed.

A check has five steps, a module each: `load_change`, `attribute`, `score`, `judge`, `publish`. The
use cases `check`, `review`, `who` and `push` combine them. Printing and exit codes belong
to `cli`, formats to `render`, decisions to the pure packages below.
"""
