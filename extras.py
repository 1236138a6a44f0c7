"""Libraries that only some people need: imported where they are used, with the command that installs them."""

from importlib import import_module
from typing import Any

from rate2spike.errors import InputError


def imported(module: str, extra: str, purpose: str) -> Any:
    """The module. Raises InputError if it cannot be imported, naming the extra of this package that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(f"{purpose} needs {module} ({error}): pip install 'rate2spike[{extra}]'") from None
