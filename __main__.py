"""`python -m rate2spike`: the command line."""

import sys

from rate2spike.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
