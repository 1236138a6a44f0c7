"""The pickles in which the published layer-5 simulations stand: read without running what they name, and written."""

import os
import pickle
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.io.run_folder import versions
from rate2spike.progress import OnProgress, following
from rate2spike.spiking.detailed_cells.morphology import l5_morphology
from rate2spike.spiking.detailed_cells.segments import Segments, segments_of
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.described import as_plain
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
from rate2spike.spiking.twin_data.legacy_params import (
    FIRST,
    common_params,
    file_name,
    folder_name,
    known_folder,
    params_of_file,
    split_params,
)
from rate2spike.spiking.twin_data.legacy_simulation import as_legacy, from_legacy
from rate2spike.spiking.twin_data.safe_pickle import read_pickle
from rate2spike.spiking.twin_data.shard_file import ShardHead, write_shard
from rate2spike.spiking.twin_data.shards import CellDataset, shard_path, shard_paths

_SIMULATIONS = "listOfSingleSimulationDicts"
_NEW_NAMES, _OLD_NAMES = b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"


@public()
def import_legacy(
    paths: str | os.PathLike | Sequence[str | os.PathLike],
    folder: str | os.PathLike,
    *,
    exact_times: bool = False,
    progress: bool | OnProgress | None = None,
) -> CellDataset:
    """Make a data set of published files (`*.p`), a shard of each.

    Nothing that a file names is run: only numbers, text, arrays and containers are read.

    Parameters
    ----------
    paths : path, or several
        Files, or folders of them.
    folder : path
        Where the shards go; it must hold none.
    exact_times : bool, default False
        The files keep times of spikes in half precision, which rounds them to 1, 2 or 4 ms. True: each is moved to the
        highest sample of the finely sampled voltage within this rounding.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    CellDataset
        Its configuration holds what the files' `Params` have in common.

    Raises
    ------
    InputError
        For a file that is no such pickle, or names what would have to be run; for files of different data sets.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.legacy_file import import_legacy
    >>> import_legacy([], "published")
    Traceback (most recent call last):
    rate2spike.errors.InputError: paths must name one file (*.p) at least
    """
    files, place = _files(paths), checks.path(folder, "folder")
    if shard_paths(place):
        raise InputError(f"{place} holds a data set already: choose another folder", "folder")
    make_folder(place)
    with (
        TemporaryDirectory(prefix=".importing_", dir=place) as beside,
        following(progress, "importing", len(files)) as advance,
    ):
        for index, file in enumerate(files):
            common, of_file, simulations = read_legacy(file, exact_times=exact_times)
            origin = {"legacy_params": of_file, "file": file.name, "versions": versions()}
            numbers = tuple(one.number for one in simulations)
            seed = _seed_of(file, of_file, index)
            write_shard(ShardHead(shard_path(Path(beside), index), common, seed, numbers, origin), simulations)
            advance(file.name)
        for shard in CellDataset.open(beside).shards:  # all files, and all of one data set
            os.replace(shard.path, place / shard.path.name)
    return CellDataset.open(place)


@public()
def export_legacy(
    dataset: CellDataset,
    folder: str | os.PathLike,
    *,
    variant: str | None = None,
    segments: Any = None,
    simulations_per_file: int = 128,
    progress: bool | OnProgress | None = None,
) -> list[Path]:
    """Write a data set of a layer-5 cell as published files, with their names.

    Times of spikes are in half precision, as published, where that holds them, else in single precision. Where the data set
    has no finely sampled voltage, that of every millisecond is drawn out in straight lines.

    Parameters
    ----------
    dataset : CellDataset
        Its synapses are an excitatory and an inhibitory one on each segment; events have no weights.
    folder : path
        In which the folder with the published name is made.
    variant : {'NMDA', 'AMPA', 'AMPA_SK'}, optional
        Which cell it is, of a cell with a name of one's own; others know that.
    segments : Segments, optional
        Those of the cell, for a tree of one's own; the published tree and imported data sets have theirs.
    simulations_per_file : int, default 128
        As many as the published scripts ask for.
    progress : bool or callable, optional
        True or False; or a function that is called as progress(n_done, n_total, text). Default: a bar where somebody watches.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        For data of another kind or variant, and if segments are missing.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.legacy_file import export_legacy
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> from rate2spike.spiking.twin_data.simulate import simulate
    >>> export_legacy(simulate(IntegrateAndFire(), POINT_INPUT, "points", n_simulations=1, seed=0), "published")
    Traceback (most recent call last):
    rate2spike.errors.InputError: segments of 'integrate_and_fire' must be given: only the published tree's are known
    """
    n = checks.whole_number(simulations_per_file, "{simulations_per_file}", "simulations_per_file")
    variant = _variant(dataset, variant)
    common = dict(dataset.configuration.get("legacy_params", {}))
    if not common:
        segments = _published_segments(dataset) if segments is None else segments
        common = common_params(variant, dataset.configuration["input"], segments, dataset[0])
    name = dataset.configuration.get("legacy_folder") or folder_name(common, L5_VARIANTS[variant].sk_factor)
    place, written = make_folder(checks.path(folder, "folder") / name), []
    with following(progress, "exporting", dataset.n_simulations) as advance:
        for head, simulations in _groups(dataset, n):
            of_file = params_of_file(simulations, head.seed)
            of_file |= head.origin.get("legacy_params", {}) if len(simulations) == head.n_simulations else {}
            params = common | of_file
            content = {"Params": params, "Results": {_SIMULATIONS: [as_legacy(one) for one in simulations]}}
            path = place / file_name(params)
            # modules of NumPy as the versions before 2 call them, which the published scripts need
            write_atomically(path, pickle.dumps(content, protocol=2).replace(_NEW_NAMES, _OLD_NAMES))
            written.append(path)
            advance(path.name, len(simulations))
    return written


def _published_segments(dataset: CellDataset) -> Segments:
    """Those of the published tree. Raises InputError for another cell."""
    tree = l5_morphology()
    if (
        not (dataset.cell or "").startswith("L5PC ")
        or dataset.configuration["cell"]["n_synapses"] != 2 * segments_of(tree).n_segments
    ):
        raise InputError(
            f"{{segments}} of {dataset.cell!r} must be given: only the published tree's are known", "segments"
        )
    return segments_of(tree)


def read_legacy(
    path: Path, *, exact_times: bool = False
) -> tuple[dict[str, Any], dict[str, Any], list[CellSimulation]]:
    """Configuration of a data set of such files, Params of this one alone, simulations. Raises InputError."""
    content = read_pickle(path)
    try:
        params, found = content["Params"], content["Results"][_SIMULATIONS]
        common, of_file = split_params(_plain(params))
        n_segments = len(params["allSegmentsLength"])
        first, fine_per_ms = int(params.get(FIRST, 0)), int(params.get("numSamplesPerMS_HighRes", 8))
        simulations = [
            from_legacy(one, first + k, n_segments, fine_per_ms, exact_times=exact_times) for k, one in enumerate(found)
        ]
        configuration = {
            "cell": {"name": f"L5PC {params['excitatorySynapseType']}", "n_synapses": 2 * n_segments},
            "input": {"kind": "published file", "duration_ms": simulations[0].duration_ms},
            "legacy_params": common,
            "legacy_folder": known_folder(path),
        }
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"
        raise InputError(f"{path} has not the layout of the published simulations ({reason})") from None
    return configuration, of_file, simulations


def _seed_of(file: Path, of_file: dict[str, Any], index: int) -> int:
    """That of a file; its place among the others, if it does not say any. Raises InputError."""
    seed = of_file.get("randomSeed")
    return index if seed is None else checks.whole_number(seed, f"{file}: randomSeed", "paths", 0, 2**63 - 1)


def _groups(dataset: CellDataset, n: int) -> Iterator[tuple[ShardHead, list[CellSimulation]]]:
    """At most n simulations of one seed, with the head of their first shard."""
    by_seed: dict[int, list[ShardHead]] = {}
    for head in dataset.shards:
        by_seed.setdefault(head.seed, []).append(head)
    for heads in by_seed.values():
        simulations = iter(CellDataset(tuple(heads)))
        while group := list(islice(simulations, n)):
            yield next(head for head in heads if group[0].number in head.numbers), group


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Params as JSON has them: arrays and NumPy's numbers as lists and numbers."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic):
            return plain(value.tolist())
        if isinstance(value, dict):
            return {str(key): plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    return as_plain(plain(params))


def _files(paths: Any) -> list[Path]:
    places = [checks.path(one, "paths") for one in checks.several(paths)]
    files = [file for place in places for file in (sorted(place.glob("*.p")) if place.is_dir() else [place])]
    if not files:
        raise InputError("{paths} must name one file (*.p) at least", "paths")
    return files


def _variant(dataset: CellDataset, given: str | None) -> str:
    """Of a data set, by the name of its cell or as given. Raises InputError if the two contradict each other."""
    cell = (dataset.cell or "").removeprefix("L5PC ")
    if given is None:
        return cell if cell in L5_VARIANTS else "NMDA"
    variant = checks.choice(given, "{variant}", "variant", tuple(L5_VARIANTS))
    if cell in L5_VARIANTS and cell != variant:
        raise InputError(f"the data are of the {{variant}} {cell}, not of {variant}: leave it out", "variant")
    return variant
