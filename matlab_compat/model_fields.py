"""The fields of a model in the historic file: their names there, and their form on either side.

The only place that knows the historic variable names (`som_m`, `taus_gaus`, ...); `HISTORIC` is the complete list.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from rate2spike.matlab_compat.dendrite_fields import dendrite_settings, dendrites_of_file
from rate2spike.matlab_compat.values import dtype_of
from rate2spike.trained_model import TrainedModel

HISTORIC = {
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
_INT64_SCALARS = ("n_units", "n_som", "last_update")
_NUMBERS = (*_INT64_SCALARS, "eval_accuracy", "eval_loss", "training_success", "scaling_factor")
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
_LISTS = ("losses", "scaling_factors", "scaling_accuracies")
_CELL_TYPES = ("inhibitory", "excitatory")
_STATES = ("first_states", "first_rates", "last_states", "last_rates")
TRAJECTORIES = (*_STATES, "last_input", "last_output", "last_target")

_LATER_SETTINGS = ("allowed_connections", "search_")  # begin with these, and stand behind the network's own in a file


def network_fields(settings: dict[str, Any], n_units: int, source: str) -> dict[str, Any]:
    """Unit biases and cell types, taken out of the settings of a file where they have the known form; and dendrites.

    Raises ModelFileError for dendrites that cannot be used.
    """
    found: dict[str, Any] = {"dendrites": dendrites_of_file(settings, n_units, source)}
    names, types = settings.get("cell_type_names"), settings.get("cell_type")
    if _is_column(settings.get("unit_bias"), n_units):
        found["unit_bias"] = np.reshape(settings.pop("unit_bias"), (n_units, 1))
    if types is not None and isinstance(names, str) and _is_column(types, n_units):
        index = np.reshape(types, -1).astype(int) - 1
        if index.min() >= 0 and index.max() < len(names.split(",")):
            found |= {"cell_type_names": tuple(names.split(",")), "cell_type": index}
            del settings["cell_type_names"], settings["cell_type"]
    return found


def file_settings(model: TrainedModel) -> dict[str, Any]:
    """The settings of a model as a file has them, with unit biases, cell types and dendrites among them."""
    own: dict[str, Any] = {}
    if model.unit_bias is not None:
        own["unit_bias"] = model.unit_bias
    if model.cell_type_names is not None and model.cell_type is not None:
        own |= {"cell_type_names": ",".join(model.cell_type_names), "cell_type": model.cell_type[:, None] + 1.0}
    if model.dendrites is not None:
        own |= dendrite_settings(model.dendrites)
    later = {name: value for name, value in model.settings.items() if name.startswith(_LATER_SETTINGS)}
    return {name: value for name, value in model.settings.items() if name not in later} | own | later


def _is_column(value: Any, n_units: int) -> bool:
    """Whether it is (N, 1); a single number stands for (1, 1)."""
    return np.shape(value) == (n_units, 1) or (n_units == 1 and isinstance(value, float))


def read_field(name: str, value: Any) -> Any:
    """The value of a file in the form of TrainedModel; raises one of Python's own errors if it has an unexpected form."""
    if name in _NUMBERS:
        return _number(name, value)
    return _READERS.get(name, lambda value: value)(value)


def historic_form(name: str, value: Any, model: TrainedModel) -> Any:
    """The value of a field as the file holds it."""
    if name in _INT64_SCALARS:
        return np.array([[value]], dtype=dtype_of(model.count_class))
    if name == "b_out":
        return np.asarray(value, dtype=model.w_out.dtype).reshape(-1, 1)
    if name in (*_CELL_TYPES, "scaling_accuracies"):
        return value[:, None]
    if name == "eval_labels" and value.dtype.kind == "U" and len({len(text) for text in value}) > 1:
        return value.tolist()
    if name == "last_output":
        return value[:, None, None] if value.ndim == 1 else value[:, :, None]
    if name in _STATES:
        return value[:, :, None]
    if name == "tau_limits_steps":
        return np.array([value], dtype=float)
    return value


def _number(name: str, value: Any) -> int | float | bool | None:
    scalar = _scalar(value)
    if scalar is None and name != "n_units":
        return None
    if name in _INT64_SCALARS:
        if scalar is None or int(scalar) != scalar:
            raise ValueError
        return int(scalar)
    return bool(scalar) if name == "training_success" else float(scalar)


def _biases(value: Any) -> np.ndarray | float | None:
    return np.ravel(value) if np.size(value) > 1 else _number("b_out", value)


def _name(value: Any) -> str | None:
    text = _scalar(value)
    if text is not None and not isinstance(text, str):
        raise TypeError
    return text.lower() if text else None


def _weights(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float64) if value.dtype.kind in "iub" else value


def _cell_types(value: Any) -> np.ndarray:
    return np.asarray(value).reshape(-1).astype(bool)  # uint8 after a careless load and save


def _labels(value: Any) -> np.ndarray:
    if np.asarray(value).dtype.kind == "O":  # of different lengths, stored as a cell
        return np.array([str(text) for text in value.ravel()])
    return _list(value)


def _list(value: Any) -> np.ndarray:
    return np.asarray(value).ravel()


def _tau_limits(value: Any) -> tuple[float, ...]:
    return tuple(float(t) for t in np.asarray(value, dtype=float).ravel())


def _plane(value: np.ndarray) -> np.ndarray:
    return value.reshape(value.shape[:2])  # MATLAB drops the trailing singleton, SciPy keeps it


def _output(value: np.ndarray) -> np.ndarray:
    return np.ravel(value) if value.size == max(value.shape) else _plane(value)


def _target(value: np.ndarray) -> np.ndarray:
    return np.ravel(value) if value.size == max(value.shape) else value


def _scalar(value: Any) -> Any:
    """Python scalar of a 1x1 array; a str as it is; an empty array is None; larger arrays unchanged."""
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OV":
        return value
    if value.size == 0:
        return None
    return value.item() if value.size == 1 else value


_READERS: dict[str, Callable[[Any], Any]] = {
    "b_out": _biases,
    "activation": _name,
    "tau_limits_steps": _tau_limits,
    "last_output": _output,
    "last_target": _target,
    "eval_labels": _labels,
    **dict.fromkeys(_CELL_TYPES, _cell_types),
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(_STATES, _plane),
    **dict.fromkeys(_WEIGHTS, _weights),
}
