"""Names of an earlier version: they work for one version more, with a warning that says until when and what to write now."""

import warnings

UNTIL = "0.3"  # the version that no longer has them


def warn_of_old_name(old: str, new: str, stacklevel: int = 2) -> None:
    """Warn (FutureWarning, which users see) that `old` is now `new`."""
    warnings.warn(
        f"{old} is now called {new}; the old name works until version {UNTIL}", FutureWarning, stacklevel=stacklevel + 1
    )
