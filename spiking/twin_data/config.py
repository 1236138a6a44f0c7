"""Settings of the data sets of a study: which cell, with which input, how many simulations to learn from and to judge by."""

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, path
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.progress import OnProgress
from rate2spike.readable import Readable
from rate2spike.seeding import SEED_LIMIT, Role, generator
from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.cable_cell import steps_of_ms
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.morphology_file import load_morphology
from rate2spike.spiking.twin_data.ball_and_stick_input import BallAndStickInput
from rate2spike.spiking.twin_data.l5_variants import L5_VARIANTS
from rate2spike.spiking.twin_data.out_of_distribution import OutOfDistributionInput
from rate2spike.spiking.twin_data.random_input import POINT_INPUT
from rate2spike.spiking.twin_data.segment_clusters import N_CLUSTERS, clusters_of_cell
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_data.simulate import share_of, simulate

SETS = ("train", "valid", "test")
MAY_DIFFER = frozenset(f"n_{name}" for name in SETS)  # when a run goes on
POINT, STICKS = "integrate_and_fire", ("NMDA_cable", "AMPA_point")
LAYER_5 = {f"L5PC_{name}": variant for name, variant in L5_VARIANTS.items()}
PUBLISHED, OUT_OF_DISTRIBUTION = "published", "out_of_distribution"
_STEPS_MS = dict.fromkeys(STICKS, 0.025) | dict.fromkeys(LAYER_5, 0.1)


@public()
@dataclass(frozen=True, repr=False)
class SimulationConfig(Readable):
    """Settings of the simulations that a twin learns from, and of those it is judged by.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.config import SimulationConfig
    >>> SimulationConfig(cell="NMDA_cable", n_train=64)
    SimulationConfig(cell='NMDA_cable', n_train=64)
    """

    cell: str = option(
        "L5PC_NMDA",
        "cell: with points, a ball with a stick, or a layer 5 pyramidal cell",
        choices=(POINT, *STICKS, *LAYER_5),
    )
    input_kind: str = option(
        PUBLISHED,
        "input as in the cell's study, or one that a network was not fitted on: in some parts of the dendrites of a layer 5 "
        "cell, in half of the simulations oscillating, in half without inhibition",
        choices=(PUBLISHED, OUT_OF_DISTRIBUTION),
    )
    morphology: str | None = option(
        None,
        "file with the tree of another neuron (.swc, .asc), for a layer 5 cell with its channels and synapses",
        what="file of the tree",
        default_text="the tree of the study",
    )
    n_train: int = option(1000, "simulations to learn from", what="number of training simulations", least=0)
    n_valid: int = option(
        100, "simulations that choose threshold and time", what="number of validation simulations", least=0
    )
    n_test: int = option(100, "simulations that a twin is judged by", what="number of test simulations", least=0)
    duration_ms: int | None = option(
        None,
        "length of a simulation, ms",
        what="duration",
        most=10**7,
        default_text="6000, of a ball with a stick 8192",
    )
    dt_ms: float | None = option(
        None, "time step, ms", what="time step", allowed=POSITIVE, default_text="0.1, of a ball with a stick 0.025"
    )
    with_dendrites: bool = option(False, "keep the voltages of all dendritic segments")
    legacy_t0_bug: bool = option(
        False, "as published, synapses of a layer 5 cell with an event at t = 0 are silent for the whole simulation"
    )
    simulations_per_shard: int = option(32, "simulations of a file", what="simulations of a file")
    seed: int = option(0, "seed of every random draw", least=0, most=SEED_LIMIT - 1)

    def __post_init__(self) -> None:
        check_options(self)
        if self.cell == POINT and (self.dt_ms is not None or self.with_dendrites):
            name = "with_dendrites" if self.dt_ms is None else "dt_ms"
            message = f"{{cell}} {POINT} has steps of a millisecond and no dendrites: leave {{{name}}} out"
            raise InputError(message, "cell", name)
        if self.input_kind == OUT_OF_DISTRIBUTION and self.cell not in LAYER_5:
            message = (
                f"{{input_kind}} {OUT_OF_DISTRIBUTION} is for cells with {N_CLUSTERS} parts of their dendrites, "
                f"{', '.join(LAYER_5)}; not for {{cell}} {self.cell}"
            )
            raise InputError(message, "input_kind", "cell")
        if self.morphology is not None:
            object.__setattr__(self, "morphology", os.path.abspath(path(self.morphology, "morphology")))
            if self.cell not in LAYER_5:
                raise InputError(
                    f"{{morphology}} is for layer 5 cells, {', '.join(LAYER_5)}; not for {{cell}} {self.cell}",
                    "morphology",
                    "cell",
                )
        if self.legacy_t0_bug and self.cell not in LAYER_5:
            raise InputError(
                f"{{legacy_t0_bug}} is of the published layer 5 cells, {', '.join(LAYER_5)}; not of {{cell}} {self.cell}",
                "legacy_t0_bug",
                "cell",
            )
        if self.dt_ms is not None:
            steps_of_ms(self.dt_ms)

    def summary(self) -> dict[str, Any]:
        """The cell, and every setting that is not the default."""
        return {"cell": self.cell} | not_default(self)

    def sections(self) -> dict[str, dict[str, Any]]:
        """As it is written to config.toml."""
        return {"simulate": {name: value for name, value in vars(self).items() if value is not None}}

    def made_cell(self) -> Any:
        """The cell."""
        if self.cell == POINT:
            return IntegrateAndFire()
        if self.cell in STICKS:
            return ball_and_stick(self.cell)
        variant = LAYER_5[self.cell]
        tree = None if self.morphology is None else load_morphology(self.morphology)
        return l5_pyramidal(variant.excitatory, sk_factor=variant.sk_factor, morphology=tree)

    def made_input(self) -> Any:
        """Settings of its input; with parts of dendrites, these are found in a few simulations first."""
        if self.cell == POINT:
            given: Any = POINT_INPUT
        else:
            given = BallAndStickInput() if self.cell in STICKS else LAYER_5[self.cell].input
        if self.input_kind == OUT_OF_DISTRIBUTION:
            given = OutOfDistributionInput(**vars(given), segment_clusters=_clusters(self.cell, self.morphology))
        return given if self.duration_ms is None else replace(given, duration_ms=self.duration_ms)

    def run_options(self) -> dict[str, Any]:
        """What the cell's `run` is called with."""
        if self.cell == POINT:
            return {}
        always = {"dt_ms": self.dt_ms or _STEPS_MS[self.cell], "with_dendrites": self.with_dendrites}
        return always | ({"legacy_t0_bug": True} if self.legacy_t0_bug else {})  # data sets from before go on

    def n_of(self, name: str) -> int:
        """Simulations of a set: train, valid or test."""
        return getattr(self, f"n_{name}")

    def seed_of(self, name: str) -> int:
        """Seed of a set: sets of one seed have nothing in common, nor have those of seeds that follow each other."""
        return int(generator(self.seed, Role.EVENTS, SETS.index(name)).integers(SEED_LIMIT))


@cache
def _clusters(cell: str, morphology: str | None) -> tuple[int, ...]:
    """Those of a layer 5 cell under its published input: the same for all data sets of it."""
    made, given = SimulationConfig(cell=cell, morphology=morphology).made_cell(), LAYER_5[cell].input
    return tuple(int(one) for one in clusters_of_cell(made, given, dt_ms=_STEPS_MS[cell]))


@public()
def simulate_sets(
    config: SimulationConfig,
    folder: str | os.PathLike,
    *,
    shard: str | None = None,
    n_threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | OnProgress | None = None,
) -> Mapping[str, CellDataset]:
    """Simulate the data sets of a study, each in a folder of its own; what is there is kept.

    Parameters
    ----------
    config : SimulationConfig
        Settings. A set of no simulations is left out.
    folder : path
        Folder of the sets: train, valid and test.
    shard : str, optional
        'I/N': every N-th file of each set, from the I-th on, for one of N jobs.
    n_threads : int, optional
        Threads. Default: one per usable core.
    executor : concurrent.futures.Executor, optional
        Who simulates in the place of threads here.
    progress : bool or callable, optional
        As in `simulate`.

    Returns
    -------
    dict of str to CellDataset
        By the name of the set; without those of which this job has no file, and no other job has written one.

    Raises
    ------
    InputError
        As `simulate`; and if no simulations are asked for.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
    >>> few = SimulationConfig(cell="integrate_and_fire", n_train=2, n_valid=1, n_test=0)
    >>> simulate_sets(few, "point_sets")["valid"].n_simulations
    1
    """
    names = [name for name in SETS if config.n_of(name)]
    if not names:
        raise InputError(
            "{n_train}, {n_valid} and {n_test} are 0: nothing is to be simulated", *(f"n_{one}" for one in SETS)
        )
    cell, given, options = config.made_cell(), config.made_input(), config.run_options()
    return {
        name: simulate(
            cell,
            given,
            Path(folder) / name,
            config.n_of(name),
            config.seed_of(name),
            run_options=options,
            simulations_per_shard=config.simulations_per_shard,
            shard=shard,
            n_threads=n_threads,
            executor=executor,
            progress=progress,
        )
        for name in names
        if share_of(-(-config.n_of(name) // config.simulations_per_shard), shard)
        or any((Path(folder) / name).glob("*.h5"))
    }
