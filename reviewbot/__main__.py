"""`python -m reviewbot`: the same as the console script."""

from reviewbot.cli import run

if __name__ == "__main__":
    run()
