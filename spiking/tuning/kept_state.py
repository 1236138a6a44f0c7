"""How far the tuning of a model file has come, beside it (`<model>.tune.npz`): one that was killed goes on from there."""

import hashlib
import io
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.rate.task import Task
from rate2spike.spiking.tuning.descent import Weights
from rate2spike.spiking.tuning.options import TuningOptions
from rate2spike.spiking.tuning.result import TuningStep
from rate2spike.spiking.tuning.steps import TuningState
from rate2spike.trained_model import TrainedModel

_ABOUT = "about_json"


def state_path(model_path: Path) -> Path:
    """`<model>.tune.npz`."""
    return model_path.with_name(model_path.name + ".tune.npz")


def tuning_settings(model: TrainedModel, task: Task, options: TuningOptions) -> dict[str, Any]:
    """What decides the numbers of a tuning, as plain values; the network by a digest of its arrays."""
    untuned = model.untuned()
    arrays = [value for value in vars(untuned).values() if isinstance(value, np.ndarray)]
    content = b"".join(np.ascontiguousarray(value).tobytes() for value in arrays)
    network = hashlib.sha256(content + repr((untuned.scaling_factor, untuned.b_out)).encode()).hexdigest()
    own = {"task": task.name, "task_options": task.options(), "network": network}
    return json.loads(json.dumps(vars(options) | own))  # as a file gives it back


def save_state(path: Path, settings: dict[str, Any], state: TuningState) -> None:
    """Write the sidecar, atomically. Raises InputError."""
    steps = [asdict(step) for step in state.steps]
    about = json.dumps({"settings": settings, "steps": steps, "n_rounds": state.n_rounds})
    pairs = {"now": state.weights, "best": state.best}
    arrays: dict[str, Any] = {f"{name}_{key}": w for name, weights in pairs.items() for key, w in vars(weights).items()}
    buffer = io.BytesIO()
    np.savez(buffer, **(arrays | {_ABOUT: np.array(about)}))
    write_atomically(path, buffer.getvalue())


def resumed(
    path: Path, options: TuningOptions, settings: dict[str, Any], *, force: bool
) -> tuple[TuningOptions, TuningState | None]:
    """Options with a seed, and the state to go on from, if there is one; without a given seed an earlier one is kept.

    A state of another network does not count. Raises InputError if there is one of other settings, unless forced.
    """
    earlier, state = _read(path)
    if state is None or earlier["network"] != settings["network"]:
        return options.resolved(), None
    if options.seed is None:
        options = replace(options, seed=earlier["seed"])
        settings = {**settings, "seed": earlier["seed"]}
    differences = [
        f"{name} {earlier.get(name)!r} there, {value!r} here"
        for name, value in settings.items()
        if value != earlier.get(name)
    ]
    if differences and not force:
        raise InputError(
            f"{path} holds steps of a tuning with other settings ({'; '.join(differences)}): go on with those, or start "
            "anew ({force})",
            "force",
        )
    return options, None if differences else state


def _read(path: Path) -> tuple[dict[str, Any], TuningState | None]:
    """Settings and state; none of a file that is not there or is damaged."""
    try:
        with np.load(path) as content:
            about = json.loads(content[_ABOUT].item())
            pairs = {name: Weights(content[f"{name}_w_from"], content[f"{name}_w_out"]) for name in ("now", "best")}
        steps = tuple(TuningStep(**step) for step in about["steps"])
        return about["settings"], TuningState(steps, pairs["now"], pairs["best"], about["n_rounds"])
    except Exception:  # whatever a damaged file leads NumPy and zipfile to
        return {}, None
