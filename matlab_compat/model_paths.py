"""From the paths that a user gives to model files: files, folders of them, runs, populations, and folders of those.

A folder means every model file in it and in its subfolders, sorted as people count (`seed_2` before `seed_10`). Passed over:
hidden files and folders (also macOS's `._x.mat` and `__MACOSX`), MAT files that hold something else, and `last_good.mat`,
the network of a run whose training failed. A MAT file that cannot be read is kept: whoever opens it says why.
"""

import os
import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import holds_model

_PASSED_OVER = ("last_good.mat", "__MACOSX")


def model_files(*paths: str | os.PathLike) -> list[Path]:
    """The model files that the paths mean, each once, in natural order. A path that is no folder is taken as it is.

    Warns of trainings that have not finished and so have no model yet. Raises InputError for a folder that holds none.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        files = _models_below(path) if path.is_dir() else [path]
        for file in files:
            found.setdefault(file.resolve(), file)
    return sorted(found.values(), key=natural_order)


def each_path(paths: Any) -> list[str | os.PathLike]:
    """One path, or several, as a list. Raises InputError for anything else, and for none."""
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    each = list(given) if isinstance(given, Iterable) and not isinstance(given, Mapping) else [given]
    if not each or not all(isinstance(path, str | os.PathLike) for path in each):
        raise InputError(f"{{paths}} must be model files or folders, got {shown(paths)}", "paths")
    return each


def one_model_file(path: str | os.PathLike) -> Path:
    """The model file that a path means. Raises InputError if a folder holds none, or several."""
    files = model_files(path)
    if len(files) > 1:
        raise InputError(f"{path} holds {len(files)} models: name one of them, such as {files[0]}")
    return files[0]


def kind_of_run(folder: Path) -> str | None:
    """What the config.toml of a run folder says: training, run, population, context; None if it is no run folder."""
    try:
        return str(tomllib.loads((folder / "config.toml").read_text(encoding="utf-8"))["run"]["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def files_below(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files with one of the suffixes (any case) in a folder and its subfolders, in natural order."""
    found = [file for file in _walk(folder, set()) if file.suffix.lower() in suffixes]
    return sorted(found, key=natural_order)


def without_path(error: Exception, path: Path) -> str:
    """An error about a file, for a line that names the file already."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")


def historic_path(
    output_dir: str | os.PathLike,
    task: str,
    *,
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


def natural_order(path: Path) -> tuple[list[list[tuple[str, int]]], str]:
    """Sort key by which numbers in names count as numbers, folder by folder."""
    parts = [[(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", part)] for part in path.parts]
    return parts, str(path)


def distinct_names(files: list[Path]) -> list[str]:
    """A name for each file, to be used in tables and file names: as short as tells them apart, without the suffix.

    `P/seed_1/model.mat`, `P/seed_2/model.mat` become `seed_1`, `seed_2`: the model of a run is called as its folder.
    """
    parts = [[*file.parent.resolve().parts, *([] if file.name == "model.mat" else [file.stem])] for file in files]
    if len({part[-1] for part in parts}) == len(parts):
        return [part[-1] for part in parts]
    n_common = next(
        (k for k, level in enumerate(zip(*parts, strict=False)) if len(set(level)) > 1), min(map(len, parts)) - 1
    )
    if len({part[-1] for part in parts}) == 1 and all(len(part) > n_common + 1 for part in parts):
        parts = [part[:-1] for part in parts]  # all are called alike
    names = ["_".join(part[n_common:]) for part in parts]
    if len(set(names)) < len(names):  # a/b_c.mat and a_b/c.mat
        names = [f"{name}_{k}" for k, name in enumerate(names, 1)]
    return names


def _models_below(folder: Path) -> list[Path]:
    models = [file for file in files_below(folder, (".mat",)) if _may_be_model(file)]
    unfinished = _unfinished(folder, models)
    if not models:
        why = f": the training in {unfinished[0]} has not finished" if unfinished else ", nor do its subfolders"
        raise InputError(f"folder {folder} holds no .mat file with a model{why}")
    if unfinished:
        shown = ", ".join(map(str, unfinished[:3])) + (", ..." if len(unfinished) > 3 else "")
        text = f"{len(unfinished)} of the trainings in {folder} have no model yet and are left out: {shown}"
        warnings.warn(text, stacklevel=4)
    return models


def _may_be_model(file: Path) -> bool:
    try:
        return holds_model(file)
    except InputError:
        return True


def _unfinished(folder: Path, models: list[Path]) -> list[Path]:
    """Run folders with checkpoints and without a model."""
    runs = [file.parent for file in files_below(folder, (".toml",)) if file.name == "config.toml"]
    return [
        run
        for run in runs
        if kind_of_run(run) in ("training", "run")
        and (run / "checkpoints").is_dir()
        and not any(run in file.parents for file in models)
    ]


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Files that count, also behind links; `seen` keeps a link in a circle from being followed for ever."""
    if folder.resolve() in seen:
        return
    seen.add(folder.resolve())
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _walk(entry, seen)
        elif entry.is_file():
            yield entry


def _entries(folder: Path) -> Iterable[Path]:
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        warnings.warn(f"cannot look into {folder}: {error.strerror or error}; it is left out", stacklevel=2)
        return ()
    return (entry for entry in entries if not entry.name.startswith(".") and entry.name not in _PASSED_OVER)
