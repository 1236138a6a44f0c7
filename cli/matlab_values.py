"""Values that MATLAB sends, as Python has them. Raises InputError naming them as MATLAB does."""

from dataclasses import fields
from typing import Any, get_origin

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError


def settings_of(request: dict, kind: type) -> dict[str, Any]:
    """What the request holds of the fields of a record, as Python has them. Raises InputError."""
    from rate2spike.options import type_of

    given = [item.name for item in fields(kind) if item.name in request and np.size(request[item.name])]
    return {name: _as_python(request, name, *type_of(kind, name)) for name in given}


def _as_python(request: dict, name: str, kind: Any, _may_be_none: bool) -> Any:
    """A value of the request in the type of a field; what the type is not is for the record to refuse."""
    value = request[name]
    if get_origin(kind) is dict:
        return _struct(value, name)
    if kind == tuple[str, ...]:
        return value if isinstance(value, str) else tuple(_text(one) for one in np.ravel(value))
    if get_origin(kind) is tuple:
        return tuple(np.ravel(matrix(request, name)).tolist())
    if kind in (int, float, bool):
        number = real_number(request, name, None)
        return bool(number) if kind is bool else number
    return value


def _text(value: Any) -> str:
    """A number of MATLAB as a person writes it: units may be given as numbers."""
    return f"{value:.17g}" if isinstance(value, np.number) else str(value)


def _struct(value: Any, name: str) -> dict[str, Any]:
    """The fields of a struct: text, numbers, vectors of them."""
    if not isinstance(value, np.ndarray) or value.dtype.names is None or value.size != 1:
        raise InputError(f"{name} must be a struct")
    values = {field: value[field].item() for field in value.dtype.names}
    return {
        field: one if isinstance(one, str) else one.item() if np.size(one) == 1 else np.ravel(one).tolist()
        for field, one in values.items()
    }


def real_number(request: dict, name: str, default: float | None) -> Any:
    """A real scalar; absent or empty: the default. Raises InputError."""
    value = request.get(name)
    if value is None or np.size(value) == 0:
        return default
    if (
        not isinstance(value, np.ndarray)
        or value.size != 1
        or value.dtype.kind not in "biuf"
        or not np.isfinite(value).all()
    ):
        raise InputError(f"{name} must be one real number, got {_seen(value)}")
    number = value.item()
    # MATLAB's numbers are doubles: a message should say 0 and not 0.0
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _seen(value: Any) -> str:
    """A value that is not what it should be, as a user of MATLAB knows it."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if np.size(value) == 1 and isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return f"{value.item():g}"
    return f"an array of {' x '.join(map(str, np.shape(value)))}"


def whole(request: dict, name: str, default: int | None) -> Any:
    """The same, a whole number."""
    value = real_number(request, name, default)
    if value is not None and value % 1 != 0:
        raise InputError(f"{name} must be a whole number, got {value:g}")
    return None if value is None else int(value)


def matrix(request: dict, name: str) -> np.ndarray:
    """A real array, sparse ones in full. Raises InputError."""
    from rate2spike.arrays import dense

    value = dense(request.get(name), name)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise InputError(f"{name} must be a real numeric array")
    return value
