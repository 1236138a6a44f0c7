"""The historic script: `python main.py --mode train ...` trains as `rate2spike train` does (cli/train.py)."""

import sys

from rate2spike.__main__ import command_line

if __name__ == "__main__":
    sys.exit(command_line("train", prog="main.py"))
