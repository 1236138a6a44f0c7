"""Names of an earlier version: they work for one version more, with a warning that says until when and what to write now."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Called = TypeVar("Called", bound=Callable[..., Any])

UNTIL = "0.3"  # the version that no longer has them


def warn_of_old_name(old: str, new: str, stacklevel: int = 2) -> None:
    """Warn (FutureWarning, which users see) that `old` is now `new`."""
    warnings.warn(
        f"{old} is now called {new}; the old name works until version {UNTIL}", FutureWarning, stacklevel=stacklevel + 1
    )


def old_keywords(**names: str) -> Callable[[Called], Called]:
    """Decorator, above `@public`: keyword arguments of an earlier version, `old="new"`, work with a warning."""

    def decorated(called: Called) -> Called:
        if inspect.isclass(called):
            type.__setattr__(called, "__init__", _renaming(called.__init__, called.__name__, names))
            return called
        return _renaming(called, called.__name__, names)  # type: ignore[return-value]

    return decorated


def _renaming(called: Callable[..., Any], who: str, names: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(called)
    def renaming(*args: Any, **kwargs: Any) -> Any:
        for old, new in names.items():
            if old in kwargs and new not in kwargs:
                warn_of_old_name(f"{old} of {who}", new)
                kwargs[new] = kwargs.pop(old)
        return called(*args, **kwargs)

    return renaming
