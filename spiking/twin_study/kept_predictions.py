"""Predictions of a fitted network on disk, so that evaluations and figures need not predict again."""

import json
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from rate2spike.io.atomic_file import write_atomically
from rate2spike.progress import Advance
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_study.fitted import TWIN, FittedTwin
from rate2spike.spiking.twin_study.predicting import Predicted, predicted

_ARRAYS = ("scores", "true_spikes", "soma_mv", "true_soma_mv")


def kept_or_predicted(
    fitted: FittedTwin, label: str, dataset: CellDataset, discard_ms: int = 0, advance: Advance | None = None
) -> Predicted:
    """What is kept in the folder of the fit, if it is of this network and these data; else predicted, and kept."""
    path = predictions_file(fitted.folder, label)
    known_by = _known_by(fitted, dataset, discard_ms)
    kept = _read(path, known_by)
    if kept is not None:
        if advance is not None:
            advance("kept from before", len(dataset))
        return kept
    found = predicted(fitted.twin, dataset, discard_ms, advance)
    write_atomically(path, lambda temporary: _write(temporary, found, known_by))
    return found


def predictions_file(folder: Path, label: str) -> Path:
    """Where predictions of the data of that name are kept."""
    return folder / f"predictions_{label}.npz"


def _known_by(fitted: FittedTwin, dataset: CellDataset, discard_ms: int) -> str:
    """What decides the predictions, as text."""
    shards = [(shard.seed, list(shard.numbers)) for shard in dataset.shards]
    weights = fitted.folder / TWIN
    described = weights.with_suffix(".json")  # with components of dendritic voltages, and targets
    network = sha256(weights.read_bytes() + described.read_bytes()).hexdigest()
    return json.dumps([network, dataset.configuration, shards, discard_ms], sort_keys=True)


def _write(path: Path, found: Predicted, known_by: str) -> None:
    arrays: dict[str, Any] = {name: getattr(found.spikes, name) for name in _ARRAYS}
    arrays = {name: _small(values) for name, values in arrays.items() if values is not None}
    with path.open("wb") as file:
        np.savez_compressed(file, known_by=np.array(known_by), heads=np.array(json.dumps(found.heads)), **arrays)


def _small(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == bool else values.astype(np.float32)


def _read(path: Path, known_by: str) -> Predicted | None:
    """None for no file, that of other predictions, and one that is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["known_by"]) != known_by:
                return None
            arrays = {name: file[name] for name in _ARRAYS if name in file}
            return Predicted(TwinPredictions(**arrays), json.loads(str(file["heads"])))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return None
