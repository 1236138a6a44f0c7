"""The fits of a study, one after the other, or side by side in processes; each in a folder of its own."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.checks import whole_number
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.progress import OnProgress, following
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.checkpoints import save_twin
from rate2spike.spiking.neuron_as_net.fit import fit
from rate2spike.spiking.neuron_as_net.fit_result import joined_metadata
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_data.simulate import share_of
from rate2spike.spiking.twin_study.architecture_names import named_architecture
from rate2spike.spiking.twin_study.cell_kinds import kind_of
from rate2spike.spiking.twin_study.fitted import HISTORY, TWIN, FittedTwin, long_folder
from rate2spike.spiking.twin_study.plan import FitPlan, PlannedFit
from rate2spike.spiking.twin_study.sets import open_sets
from rate2spike.work_units import WorkerDied, run_units


@public()
def fit_networks(
    data: str | os.PathLike,
    plan: FitPlan,
    folder: str | os.PathLike,
    *,
    shard: str | None = None,
    n_workers: int = 1,
    executor: Executor | None = None,
    damaged: str = "raise",
    progress: bool | OnProgress | None = None,
    announce: Callable[[str], None] | None = None,
) -> list[FittedTwin]:
    """Fit the networks of a plan to the data sets of a study; what is fitted already is kept.

    Parameters
    ----------
    data : path
        Folder with the data sets train and valid.
    plan : FitPlan
        Networks, seeds and settings.
    folder : path
        Gets a folder per fit. After Ctrl-C, or with more networks, seeds or epochs, the same call goes on.
    shard : str, optional
        'I/N': every N-th fit, from the I-th on, for one of N jobs.
    n_workers : int, default 1
        Processes that fit side by side, a network each. One: all in this process.
    executor : concurrent.futures.Executor, optional
        Who fits in the place of processes here, such as a Dask cluster whose workers see the folders under the same paths.
    damaged : {'raise', 'skip'}, default 'raise'
        What becomes of a shard that cannot be read.
    progress : bool or callable, optional
        See `rate2spike.progress`.
    announce : function, optional
        Is told, before each of several fits, which one begins.

    Returns
    -------
    list of FittedTwin
        This job's, in order.

    Raises
    ------
    InputError
        As `fit`; for a folder of other fits, and if a worker died.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
    >>> from rate2spike.spiking.twin_study.fitting import fit_networks
    >>> from rate2spike.spiking.twin_study.plan import FitPlan
    >>> few = SimulationConfig(cell="integrate_and_fire", n_train=4, n_valid=2, n_test=0, duration_ms=1500)
    >>> _ = simulate_sets(few, "point/data", progress=False)
    >>> quick = dict(window_ms=300, batches_per_epoch=5, valid_batches=2, epochs_per_stage=1, n_epochs=3)
    >>> plan = FitPlan(architectures=("linear-80",), **quick)
    >>> fit_networks("point/data", plan, "point/fits", progress=False)
    [FittedTwin(name='linear-80_seed_0', overview='FCN__DxWxT_1x1x80', n_parameters=8005)]
    """
    sets = open_sets(data, "train", "valid", damaged=damaged)
    place = checked_path(folder, "folder")
    planned = plan.fits(kind_of(sets["train"]))
    mine = [planned[k] for k in share_of(len(planned), shard)]
    n_workers = whole_number(n_workers, "number of workers", "n_workers")
    for one in {one.architecture: one for one in mine}.values():
        network_of(one, plan, sets["train"])  # what cannot be built is said before anything is fitted
    if executor is None and n_workers == 1:
        for k, one in enumerate(mine):
            if announce is not None and len(mine) > 1:
                announce(f"{one.name}, {k + 1} of {len(mine)}")
            fit_one(sets, plan, one, place / one.name, progress)
    else:
        there = os.path.abspath(data)  # workers may have been started elsewhere
        units = {one.name: (there, plan, one, (place / one.name).absolute(), damaged) for one in mine}
        with following(progress, "fitting networks", len(units)) as advance:
            for finished, outcome in run_units(_fit_there, units, executor=executor, n_workers=n_workers):
                if isinstance(outcome, WorkerDied):
                    raise InputError(f"{finished}: {outcome.message}; finished epochs are kept")
                advance(finished)
    return [FittedTwin.read(place / one.name) for one in mine]


def fit_one(
    sets: Mapping[str, CellDataset], plan: FitPlan, planned: PlannedFit, folder: Path, progress: Any = None
) -> None:
    """Fit one network, or go on with it, and write it."""
    kind = kind_of(sets["train"])
    network = network_of(planned, plan, sets["train"])
    stages = [(plan.schedule(kind), plan.fit_settings(planned))]
    if plan.long_epochs:
        stages.append((plan.long_schedule(kind), plan.long_fit_settings(planned)))
    history: list[dict[str, Any]] = []
    metadata: dict[str, Any] = {}
    pca = None
    for schedule, settings in stages:
        data = (sets["train"], sets["valid"], schedule, kind.targets, pca)
        place = long_folder(folder, len(history)) if history else folder
        result = fit(network, *data, folder=place, progress=progress, **settings)
        pca = result.twin.pca
        metadata = joined_metadata(metadata, result.twin.metadata)
        sizes = {name: settings[name] for name in ("batch_size", "window_ms")}
        history += [{**record, **sizes, "epoch": len(history) + k} for k, record in enumerate(result.history, 1)]
    save_twin(replace(result.twin, metadata=metadata), folder / TWIN)
    write_atomically(folder / HISTORY, "".join(json.dumps(record) + "\n" for record in history))


def network_of(planned: PlannedFit, plan: FitPlan, dataset: CellDataset) -> TwinNetwork:
    """The network before the fit. Raises InputError."""
    kind = kind_of(dataset)
    cell = dataset.configuration["cell"]
    n_synapses = cell["n_synapses"]
    heads = kind.heads(dataset, plan.spike_bias)
    n_excitatory = cell.get("n_excitatory", n_synapses // 2)  # files of the published layout do not say it
    architecture = named_architecture(planned.architecture, n_synapses, n_excitatory, heads, kind.name)
    history_ms = architecture.history_ms if isinstance(architecture, ConvolutionalArchitecture) else 0
    if history_ms > (dataset.duration_ms or history_ms):
        raise InputError(
            f"network {planned.architecture!r} looks back {history_ms} ms, and a simulation lasts {dataset.duration_ms} ms",
            "architectures",
        )
    return TwinNetwork(architecture, planned.seed)


def _fit_there(data: str | os.PathLike, plan: FitPlan, planned: PlannedFit, folder: Path, damaged: str) -> None:
    fit_one(open_sets(data, "train", "valid", damaged=damaged), plan, planned, folder, progress=False)
