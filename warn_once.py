"""A warning that is given once, however many worker processes there are."""

import os
import warnings


def warn_once(subject: str, text: str, stacklevel: int = 2) -> None:
    """Warn, unless this process or one that started it has warned of the subject (capitals, for a variable's name)."""
    variable = f"RATE2SPIKE_WARNED_OF_{subject}"  # processes inherit the environment
    if variable not in os.environ:
        os.environ[variable] = "1"
        warnings.warn(text, stacklevel=stacklevel + 1)
