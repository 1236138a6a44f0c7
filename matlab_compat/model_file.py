"""The historic model file: `load_model`, `save_model`; `as_model` takes a model or its file.

Variables that `model_fields` does not name are kept in `TrainedModel.extra`; `r2s_*` variables are `TrainedModel.settings`.
"""

import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike import checks
from rate2spike.arrays import dense
from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError, MatFileError, ModelFileError
from rate2spike.matlab_compat.matfile import read_values, reason_unread, savemat, variable_names
from rate2spike.matlab_compat.model_fields import (
    HISTORIC,
    TRAJECTORIES,
    file_settings,
    historic_form,
    network_fields,
    read_field,
)
from rate2spike.matlab_compat.values import class_of
from rate2spike.trained_model import TrainedModel

SETTING_PREFIX = "r2s_"

# what the published simulator loads; a reader demands these and asks for others only where it uses them
_REQUIRED = ("w", "w0", "w_in", "w_out", "N", "m", "som_m", "inh", "exc", "taus_gaus", "taus_gaus0", "taus")
CLAIM_VARIABLE = "opt_scaling_factor"


@public()
def load_model(path: str | os.PathLike) -> TrainedModel:
    """Read a model file of any generation: written by SciPy or MATLAB, with variables of forks, or by the PyTorch port.

    The port stores `w` unrectified, against Dale's principle, and vectors lying down: both are mended, with a warning.
    A variable that is none of the model's may be in a form that cannot be read: it is kept in `extra` as it is.

    Parameters
    ----------
    path : str or path
        The model file.

    Returns
    -------
    TrainedModel
        The network, with what the file says about training and search.

    Raises
    ------
    MatFileError
        If the file cannot be read.
    ModelFileError
        If a variable is missing, of a wrong shape, or NaN.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.save_model(r2s.train("go-nogo", n_units=20, n_updates=3, seed=1), "go_nogo.mat")
    >>> r2s.load_model("go_nogo.mat").n_units
    20
    """
    source = str(checks.path(path, "path"))
    if Path(source).is_dir():
        raise MatFileError(f"{source} is a folder: name a model file, such as {Path(source) / 'model.mat'} of a run")
    variables = read_values(path)
    missing = [name for name in _REQUIRED if name not in variables]
    if missing:
        raise ModelFileError(f"{source} is not a model file: it lacks {', '.join(missing)}")
    values = _fields(variables, source)
    known = {HISTORIC[name] for name in values}  # an optional variable of another form is kept among the unknown
    settings = {
        k.removeprefix(SETTING_PREFIX): _setting(v) for k, v in variables.items() if k.startswith(SETTING_PREFIX)
    }
    extra = {k: v for k, v in variables.items() if k not in known and not k.startswith(SETTING_PREFIX)}
    mended = _stood_up(values)
    values |= network_fields(settings, values["n_units"], source)
    count_class = getattr(variables["N"], "dtype", np.dtype(np.int64))
    model = TrainedModel(**values, count_class=class_of(count_class), settings=settings, extra=extra)
    _check(model, source)
    if model.has_dale and model.settings.get("apply_dale") is not False and (model.w_rec < 0).any():
        mended.append(f"w holds {(model.w_rec < 0).sum()} negative values against Dale's principle, set to 0")
        model = replace(model, w_rec=np.maximum(model.w_rec, 0))
    if mended:
        missing = [HISTORIC[name] for name in TRAJECTORIES if getattr(model, name) is None]
        note = f"; it lacks {', '.join(missing)}" if missing else ""
        warnings.warn(f"{source}: {'; '.join(mended)} (as files of the PyTorch port are){note}", stacklevel=3)
    return model


def as_model(model: TrainedModel | str | os.PathLike) -> TrainedModel:
    """A model as it is, or the one in the file of this path. Raises InputError for anything else, or a file without one."""
    if isinstance(model, TrainedModel):
        return model
    if not isinstance(model, str | os.PathLike):
        raise InputError(f"{{model}} must be a TrainedModel or the path of a model file, got {shown(model)}", "model")
    return load_model(model)


def holds_model(path: str | os.PathLike) -> bool:
    """Whether a MAT file holds any of the variables that make a model. Raises MatFileError if it is unreadable."""
    return bool(set(variable_names(path)) & set(_REQUIRED))


def looks_like_model(names: set[str]) -> bool:
    """Whether a file with these variables is meant as a model: it has at least half of what makes one."""
    return 2 * len(names & set(_REQUIRED)) >= len(_REQUIRED)


@public()
def save_model(model: TrainedModel, path: str | os.PathLike) -> None:
    """Write a model file with the historic names, shapes and classes, atomically.

    A file that is there is replaced as a whole, whatever it holds; `append` changes variables of a file.

    Parameters
    ----------
    model : TrainedModel
        The network, as `train` or `load_model` gives it.
    path : str or path
        The file, `.mat` as a rule.

    Raises
    ------
    MatFileError
        For what MATLAB has no class for.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.train("go-nogo", n_units=20, n_updates=3, seed=1)
    >>> r2s.save_model(model, "go_nogo.mat")
    >>> r2s.load_model("go_nogo.mat") == model
    True
    """
    if not isinstance(model, TrainedModel):
        hint = "; first the model, then the path" if isinstance(model, str | os.PathLike) else ""
        hint = "; give model.to_trained_model(history)" if hasattr(model, "to_trained_model") else hint
        raise InputError(f"{{model}} must be a TrainedModel, got {shown(model)}{hint}", "model")
    savemat(checks.path(path, "path"), model_variables(model) | model.extra)


def model_variables(model: TrainedModel) -> dict[str, Any]:
    """The variables of a model file but for those of others (`extra`), by their historic names."""
    variables: dict[str, Any] = {}
    for name, historic in HISTORIC.items():
        value = getattr(model, name)
        if value is not None:
            variables[historic] = historic_form(name, value, model)
    return variables | {SETTING_PREFIX + k: v for k, v in file_settings(model).items()}


def _fields(variables: dict[str, Any], source: str) -> dict[str, Any]:
    """The fields that a file holds in a known form; those that a model needs must be."""
    values = {}
    for name, historic in HISTORIC.items():
        if historic not in variables:
            continue
        try:
            values[name] = read_field(name, dense(variables[historic], historic))
        except InputError:  # sparse, and too large in full
            if historic in _REQUIRED:
                raise
        except (TypeError, ValueError, AttributeError, IndexError):
            if historic in _REQUIRED:
                _check_readable(variables[historic], historic, source)
                raise ModelFileError(f"{source}: variable {historic} has an unexpected form") from None
    if isinstance(values.get("b_out"), np.ndarray) and values["b_out"].size != values["w_out"].shape[0]:
        del values["b_out"]
    return values


def _stood_up(values: dict[str, Any]) -> list[str]:
    """Give vectors that were stored lying down (or standing) their historic shape; returns what was done, in words."""
    n, mended = values["n_units"], []
    shapes = {"tau_logit": (n, 1), "tau_logit_initial": (n, 1), "w_in": (n, 1), "w_in_initial": (n, 1), "w_out": (1, n)}
    for name, shape in shapes.items():
        value = values.get(name)
        if n > 1 and isinstance(value, np.ndarray) and value.shape == shape[::-1]:
            values[name] = value.reshape(shape)
            mended.append(f"{HISTORIC[name]} turned to {shape[0]} x {shape[1]}")
    return mended


def _setting(value: Any) -> Any:
    """A 1x1 double or logical as Python scalar: what we write; everything else as it is."""
    is_plain = isinstance(value, np.ndarray) and value.dtype in (np.float64, np.bool_) and value.size == 1
    return value.item() if is_plain else value


def _check(model: TrainedModel, source: str) -> None:
    n = model.n_units
    if n < 1:
        raise ModelFileError(f"{source}: N must be at least 1, got {n}")
    square = ("w_rec", "w_rec_initial", "sign_matrix", "connection_mask")
    shapes: dict[str, tuple[int | None, ...]] = dict.fromkeys(square, (n, n))
    shapes |= {"w_in": (n, None), "w_out": (None, n), "tau_logit": (n, 1), "tau_logit_initial": (n, 1)}
    shapes |= {"inhibitory": (n,), "excitatory": (n,)}
    for name, shape in shapes.items():
        _check_array(getattr(model, name), shape, HISTORIC[name], source)
    if len(model.tau_limits_steps) not in (1, 2) or not all(np.isfinite(t) and t > 0 for t in model.tau_limits_steps):
        raise ModelFileError(f"{source}: taus must hold one or two positive numbers, got {model.tau_limits_steps}")


def _check_readable(value: Any, historic: str, source: str) -> None:
    if reason_unread(value):
        raise ModelFileError(f"{source}: variable {historic} cannot be read: {reason_unread(value)}")


def _check_array(value: Any, shape: tuple[int | None, ...], historic: str, source: str) -> None:
    _check_readable(value, historic, source)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        raise ModelFileError(f"{source}: {historic} is not a numeric array")
    if len(value.shape) != len(shape) or any(e not in (None, a) for a, e in zip(value.shape, shape, strict=True)):
        expected = " x ".join("any" if e is None else str(e) for e in shape)
        got = " x ".join(map(str, value.shape))
        raise ModelFileError(f"{source}: {historic} must be {expected}, got {got}")
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise ModelFileError(f"{source}: {historic} holds NaN or infinite values")
