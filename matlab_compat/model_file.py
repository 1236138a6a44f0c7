"""The historic model file: `load_model`, `save_model`.

The only place that knows the historic variable names (`som_m`, `taus_gaus`, ...). `_HISTORIC` below is the complete
list; everything else in a file is kept in `TrainedModel.extra`, and `r2s_*` variables are `TrainedModel.settings`.
"""

import os
import re
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.arrays import dense
from rate2spike.errors import InputError, ModelFileError
from rate2spike.matlab_compat.matfile import read_values, reason_unread, savemat, variable_names
from rate2spike.matlab_compat.values import class_of, dtype_of
from rate2spike.trained_model import TrainedModel

SETTING_PREFIX = "r2s_"

_HISTORIC = {
    "w_rec": "w",
    "w_rec_initial": "w0",
    "w_in": "w_in",
    "w_in_initial": "w_in0",
    "w_out": "w_out",
    "b_out": "b_out",
    "tau_logit": "taus_gaus",
    "tau_logit_initial": "taus_gaus0",
    "tau_limits_steps": "taus",
    "sign_matrix": "m",
    "connection_mask": "som_m",
    "inhibitory": "inh",
    "excitatory": "exc",
    "n_units": "N",
    "n_som": "som_N",
    "activation": "activation",
    "first_states": "x0",
    "first_rates": "r0",
    "last_states": "x",
    "last_rates": "r",
    "last_input": "u",
    "last_output": "o",
    "last_target": "target",
    "losses": "losses",
    "last_update": "tr",
    "eval_accuracy": "eval_perf_mean",
    "eval_loss": "eval_loss_mean",
    "eval_outputs": "eval_os",
    "eval_labels": "eval_labels",
    "training_success": "training_success",
    "scaling_factor": "opt_scaling_factor",
    "scaling_accuracies": "all_perfs",
    "scaling_factors": "scaling_factors",
}
# what the published simulator loads; a reader demands these and asks for others only where it uses them
_REQUIRED = ("w", "w0", "w_in", "w_out", "N", "m", "som_m", "inh", "exc", "taus_gaus", "taus_gaus0", "taus")
_INT64_SCALARS = ("n_units", "n_som", "last_update")
_SCALARS = (*_INT64_SCALARS, "b_out", "eval_accuracy", "eval_loss", "training_success", "scaling_factor")
_WEIGHTS = (
    "w_rec",
    "w_rec_initial",
    "w_in",
    "w_out",
    "tau_logit",
    "tau_logit_initial",
    "sign_matrix",
    "connection_mask",
)
_TRAJECTORIES = ("first_states", "first_rates", "last_states", "last_rates", "last_input", "last_output", "last_target")
CLAIM_VARIABLE = "opt_scaling_factor"


def load_model(path: str | os.PathLike) -> TrainedModel:
    """Read a model file of any generation: written by SciPy or MATLAB, with variables of forks, or by the PyTorch port.

    The port stores `w` unrectified, against Dale's principle, and vectors lying down: both are mended, with a warning.
    A variable that is none of the model's may be in a form that cannot be read: it is kept in `extra` as it is.
    Raises MatFileError (unreadable) or ModelFileError (variable missing, wrong shape, NaN).
    """
    source = str(path)
    variables = read_values(path)
    missing = [name for name in _REQUIRED if name not in variables]
    if missing:
        raise ModelFileError(f"{source} is not a model file: it lacks {', '.join(missing)}")
    values = {}
    for name, historic in _HISTORIC.items():
        if historic not in variables:
            continue
        try:
            values[name] = _read_field(name, dense(variables[historic], historic))
        except InputError:  # sparse, and too large in full
            if historic in _REQUIRED:
                raise
        except (TypeError, ValueError, AttributeError, IndexError):
            if historic in _REQUIRED:
                _check_readable(variables[historic], historic, source)
                raise ModelFileError(f"{source}: variable {historic} has an unexpected form") from None
    if isinstance(values.get("b_out"), np.ndarray) and values["b_out"].size != values["w_out"].shape[0]:
        del values["b_out"]
    known = {_HISTORIC[name] for name in values}  # an optional variable of another form is kept among the unknown
    settings = {
        k.removeprefix(SETTING_PREFIX): _setting(v) for k, v in variables.items() if k.startswith(SETTING_PREFIX)
    }
    extra = {k: v for k, v in variables.items() if k not in known and not k.startswith(SETTING_PREFIX)}
    mended = _stood_up(values)
    count_class = getattr(variables["N"], "dtype", np.dtype(np.int64))
    model = TrainedModel(**values, count_class=class_of(count_class), settings=settings, extra=extra)
    _check(model, source)
    if model.has_dale and model.settings.get("apply_dale") is not False and (model.w_rec < 0).any():
        mended.append(f"w holds {(model.w_rec < 0).sum()} negative values against Dale's principle, set to 0")
        model = replace(model, w_rec=np.maximum(model.w_rec, 0))
    if mended:
        missing = [_HISTORIC[name] for name in _TRAJECTORIES if getattr(model, name) is None]
        note = f"; it lacks {', '.join(missing)}" if missing else ""
        warnings.warn(f"{source}: {'; '.join(mended)} (as files of the PyTorch port are){note}", stacklevel=2)
    return model


def holds_model(path: str | os.PathLike) -> bool:
    """Whether a MAT file holds any of the variables that make a model. Raises MatFileError if it is unreadable."""
    return bool(set(variable_names(path)) & set(_REQUIRED))


def looks_like_model(names: set[str]) -> bool:
    """Whether a file with these variables is meant as a model: it has at least half of what makes one."""
    return 2 * len(names & set(_REQUIRED)) >= len(_REQUIRED)


def save_model(model: TrainedModel, path: str | os.PathLike) -> None:
    """Write a model file with the historic names, shapes and classes, atomically.

    A file that is there is replaced as a whole, whatever it holds; `append` changes variables of a file. Raises MatFileError
    for what MATLAB has no class for.
    """
    savemat(path, model_variables(model) | model.extra)


def model_variables(model: TrainedModel) -> dict[str, Any]:
    """The variables of a model file but for those of others (`extra`), by their historic names."""
    variables: dict[str, Any] = {}
    for name, historic in _HISTORIC.items():
        value = getattr(model, name)
        if value is not None:
            variables[historic] = _historic_form(name, value, model)
    return variables | {SETTING_PREFIX + k: v for k, v in model.settings.items()}


def historic_path(
    output_dir: str | os.PathLike,
    task: str,
    n_units: int,
    tau_limits_steps: tuple[float, ...],
    activation: str,
    p_rec: float,
    dale: bool,
    when: datetime,
) -> Path:
    """`<output_dir>/models/<task>/[NoDale/]P_rec_<p>_Taus_<a>_<b>/Task_<task>_N_<N>_..._<time>.mat`."""
    taus = "_".join(str(float(t)) for t in tau_limits_steps)
    taus = f"Taus_{taus}" if len(tau_limits_steps) > 1 else f"Tau_{taus}"
    folder = Path(output_dir) / "models" / task / ("" if dale else "NoDale") / f"P_rec_{p_rec}_{taus}"
    return folder / f"Task_{task}_N_{n_units}_{taus}_Act_{activation}_{when:%Y_%m_%d_%H%M%S}.mat"


def task_in_path(path: str | os.PathLike, known_tasks: tuple[str, ...]) -> str | None:
    """Task named by a file's name (`Task_<task>_N_...`, or `go_nogo.mat`), else by the nearest folder called like one."""
    resolved = Path(os.path.abspath(path))
    match = re.match(r"Task_(.+?)_N_\d", resolved.name)
    if match:
        return match.group(1)
    stem = resolved.stem.lower().replace("_", "-")
    for task in known_tasks:
        if re.search(rf"(?<![a-z0-9]){re.escape(task)}(?![a-z0-9])", stem):
            return task
    names = (folder.name.lower().replace("_", "-") for folder in resolved.parents)
    return next((name for name in names if name in known_tasks), None)


def _read_field(name: str, value: Any) -> Any:
    """The value in our form; raises one of Python's own errors if it has an unexpected form."""
    if name == "b_out" and np.size(value) > 1:
        return np.ravel(value)
    if name == "activation":
        text = _scalar(value)
        if text is not None and not isinstance(text, str):
            raise TypeError
        return text.lower() if text else None
    if name in _SCALARS:
        return _typed_scalar(name, value)
    if name in ("inhibitory", "excitatory"):
        return np.asarray(value).reshape(-1).astype(bool)  # uint8 after a careless load and save
    if name == "tau_limits_steps":
        return tuple(float(t) for t in np.asarray(value, dtype=float).ravel())
    if name == "last_output":
        return np.ravel(value) if value.size == max(value.shape) else value.reshape(value.shape[:2])
    if name == "last_target":
        return np.ravel(value) if value.size == max(value.shape) else value
    if name in ("losses", "scaling_factors", "scaling_accuracies", "eval_labels"):
        if name == "eval_labels" and np.asarray(value).dtype.kind == "O":  # of different lengths, stored as a cell
            return np.array([str(text) for text in value.ravel()])
        return np.asarray(value).ravel()
    if name in ("first_states", "first_rates", "last_states", "last_rates"):
        return value.reshape(value.shape[:2])  # MATLAB drops the trailing singleton, SciPy keeps it
    if name in _WEIGHTS and value.dtype.kind in "iub":
        return value.astype(np.float64)
    return value


def _typed_scalar(name: str, value: Any) -> Any:
    scalar = _scalar(value)
    if scalar is None and name != "n_units":
        return None
    if name in _INT64_SCALARS:
        if scalar is None or int(scalar) != scalar:
            raise ValueError
        return int(scalar)
    return bool(scalar) if name == "training_success" else float(scalar)


def _scalar(value: Any) -> Any:
    """Python scalar of a 1x1 array; a str as it is; an empty array is None; larger arrays unchanged."""
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OV":
        return value
    if value.size == 0:
        return None
    return value.item() if value.size == 1 else value


def _stood_up(values: dict[str, Any]) -> list[str]:
    """Give vectors that were stored lying down (or standing) their historic shape; returns what was done, in words."""
    n, mended = values["n_units"], []
    shapes = {"tau_logit": (n, 1), "tau_logit_initial": (n, 1), "w_in": (n, 1), "w_in_initial": (n, 1), "w_out": (1, n)}
    for name, shape in shapes.items():
        value = values.get(name)
        if n > 1 and isinstance(value, np.ndarray) and value.shape == shape[::-1]:
            values[name] = value.reshape(shape)
            mended.append(f"{_HISTORIC[name]} turned to {shape[0]} x {shape[1]}")
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
        _check_array(getattr(model, name), shape, _HISTORIC[name], source)
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


def _historic_form(name: str, value: Any, model: TrainedModel) -> Any:
    if name in _INT64_SCALARS:
        return np.array([[value]], dtype=dtype_of(model.count_class))
    if name == "b_out":
        return np.asarray(value, dtype=model.w_out.dtype).reshape(-1, 1)
    if name in ("inhibitory", "excitatory", "scaling_accuracies"):
        return value[:, None]
    if name == "eval_labels" and value.dtype.kind == "U" and len({len(text) for text in value}) > 1:
        return value.tolist()
    if name == "last_output":
        return value[:, None, None] if value.ndim == 1 else value[:, :, None]
    if name in ("first_states", "first_rates", "last_states", "last_rates"):
        return value[:, :, None]
    if name == "tau_limits_steps":
        return np.array([value], dtype=float)
    return value
