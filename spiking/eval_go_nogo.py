"""The historic script: `python eval_go_nogo.py MODEL_OR_DIR` is `rate2spike eval-go-nogo`."""

import sys

from rate2spike.__main__ import command_line

if __name__ == "__main__":
    sys.exit(command_line("eval-go-nogo"))
