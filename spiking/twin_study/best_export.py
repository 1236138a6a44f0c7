"""The best networks of a study under the published names: architecture, weights, model, training and evaluation."""

import io
import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.twin_study.evaluating import PUBLISHED_RESULTS, PUBLISHED_SUBSETS, StudyScores, TwinScores
from rate2spike.spiking.twin_study.fitted import FittedTwin

_PROTOCOL = 2  # of the published pickles
ENDINGS = ("_json.json", "_weights.h5", "_model.h5", "_training.pickle", "_evaluation.pickle")


@public()
def export_best(scores: StudyScores, folder: Any) -> list[Path]:
    """Write the best network of each size, five files each, as the published collection of best models has them.

    Parameters
    ----------
    scores : StudyScores
        What `evaluate_study` gives.
    folder : path
        Gets a folder per network, named <variant>_<type>__<sizes>.

    Returns
    -------
    list of Path
        The folders. Beside each name: _json.json (layers, as Keras describes them), _weights.h5 and _model.h5 (HDF5, layers
        under their published names), _training.pickle (the four dicts of the fit) and _evaluation.pickle (the same, with the
        scores under `evaluations_results_dict`).

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    place = checked_path(folder, "folder")
    by_name = {pair[0].name: pair for pair in zip(scores.twins, scores.scores, strict=True)}
    return [_export(scores.variant, *by_name[row.file_name], place) for row in scores.table().best().rows]


def _export(variant: str, fitted: FittedTwin, scores: TwinScores, folder: Path) -> Path:
    name = f"{variant}_{fitted.overview}"
    place = make_folder(folder / name)
    model, training = fitted.twin.network.model, dict(fitted.twin.metadata)
    results = {PUBLISHED_RESULTS: scores.evaluation.results, PUBLISHED_SUBSETS: list(scores.evaluation.subsets)}
    write_atomically(place / f"{name}_json.json", model.to_json(indent=1))
    _write_h5(place / f"{name}_weights.h5", model.save_weights, ".weights.h5")
    _write_h5(place / f"{name}_model.h5", lambda path: keras.saving.save_model(model, path), ".h5")
    write_atomically(place / f"{name}_training.pickle", _pickled(training))
    write_atomically(place / f"{name}_evaluation.pickle", _pickled(training | results))
    return place


def _write_h5(path: Path, save: Callable[[Path], None], ending: str) -> None:
    def write(temporary: Path) -> None:
        named = temporary.with_name(temporary.name + ending)  # Keras goes by the name
        with _without_advice():
            save(named)
        named.replace(temporary)

    write_atomically(path, write)


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keras advises against HDF5, which is what is asked for here."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _pickled(content: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    pickle.dump(_plain(content), file, protocol=_PROTOCOL)
    return file.getvalue()


def _plain(value: Any) -> Any:
    """Dicts, lists and numbers, which any unpickler may read."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") else value
