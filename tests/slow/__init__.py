"""What takes long or needs a program that not every machine has.

Here are the real model, browsers, editors, the wheel, pre-commit, and the action end to end. The
default run leaves these tests out; `.ci/run` runs them: `python -m pytest tests/slow`.
"""
