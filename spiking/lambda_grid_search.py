"""The historic script: `python lambda_grid_search.py MODEL_OR_DIR` is `rate2spike search` (spiking/search)."""

import sys

from rate2spike.__main__ import command_line

if __name__ == "__main__":
    sys.exit(command_line("search"))
