"""TOML files: read by the standard library, written by tomli-w; here are what neither has, messages and None."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from rate2spike.errors import InputError


def read_toml(path: Path) -> Mapping[str, Any]:
    """A TOML file. Raises InputError naming it."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}") from None


def to_toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections of plain values (texts, numbers, true or false, lists of them; None is left out) as TOML."""
    return tomli_w.dumps(
        {
            section: {key: _writable(value) for key, value in values.items() if value is not None}
            for section, values in sections.items()
        }
    )


def _writable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_writable(item) for item in value]
    if isinstance(value, bool | int | float):
        return value
    return str(value).encode("utf-8", "replace").decode("utf-8")  # a path may hold bytes that are no text
