"""TensorFlow without its start-up chatter, in commands, scripts and notebooks alike."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
QUIET = "2"  # errors only; who sets 0 or 1 wants to see what TensorFlow says


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to standard error meanwhile by the C++ part of TensorFlow; shown if the import fails.

    The level alone does not do: TensorFlow writes much before it reads it. Nothing is held back where the user has set a
    level of 0 or 1, where TensorFlow was imported before, or where there is no standard error.
    """
    if os.environ.setdefault(LEVEL, QUIET) < QUIET or "tensorflow" in sys.modules:
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
