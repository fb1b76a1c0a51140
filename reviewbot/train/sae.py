"""`torchrun -m reviewbot.train.sae`: `reviewbot train sae` in each process that torchrun starts."""

import runpy
import sys

if __name__ == "__main__":
    sys.argv[1:1] = ["train", "sae"]
    runpy.run_module("reviewbot", run_name="__main__", alter_sys=True)
