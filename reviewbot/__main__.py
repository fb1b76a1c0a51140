"""`python -m reviewbot`: the same as the console script."""

from reviewbot.cli import main

if __name__ == "__main__":
    main()
