"""Fit a network to simulations of a neuron: epochs of a schedule, resumed from a folder, snapshots on the way."""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.progress import Advance, OnProgress, following
from rate2spike.seeding import Role, generator
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, checkpoint_name, is_good, recent_mean, save_twin
from rate2spike.spiking.neuron_as_net.compiled_updates import CompiledUpdates, means
from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA
from rate2spike.spiking.neuron_as_net.described import described, plain
from rate2spike.spiking.neuron_as_net.fit_options import MAY_DIFFER, FitOptions
from rate2spike.spiking.neuron_as_net.fit_result import FitResult, published_metadata
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, SPIKES
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.optimizer import optimizer_of
from rate2spike.spiking.neuron_as_net.schedule import Schedule, published_schedule
from rate2spike.spiking.neuron_as_net.schedule import described as phases_of
from rate2spike.spiking.neuron_as_net.targets import COMPONENTS, Targets
from rate2spike.spiking.neuron_as_net.window_source import DataFile, Prepared, PreparedFiles, files_of
from rate2spike.spiking.neuron_as_net.windows import WindowBatches
from rate2spike.spiking.training.epochs import ResumableEpochs
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset

_SNAPSHOT = 1_000_000  # key of what is drawn for the name of a file, beside those of epochs


@public(settings=FitOptions)
def fit(
    network: TwinNetwork,
    training_data: CellDataset | Sequence[CellSimulation],
    validation_data: CellDataset | Sequence[CellSimulation],
    schedule: Schedule | None = None,
    targets: Targets | None = None,
    pca: DendriticPCA | None = None,
    *,
    folder: str | Path | None = None,
    progress: bool | OnProgress | None = None,
    **settings: Any,
) -> FitResult:
    """Fit a network to what a neuron did.

    Parameters
    ----------
    network : TwinNetwork
        The network, which is trained in place.
    training_data : CellDataset, or list of CellSimulation
        What it learns from.
    validation_data : CellDataset, or list of CellSimulation
        Other simulations, on which losses are measured after every epoch.
    schedule : Schedule, default the published one of the layer-5 cell
        Learning rates and weights of the losses. One of its epochs is `epochs_per_stage` epochs of training.
    targets : Targets, default as published for the layer-5 cell
        How recordings become targets.
    pca : DendriticPCA, default: fitted to the first file of the training data
        Components that the dendritic head learns.
    folder : path, default None: nothing is kept
        Gets a checkpoint after every epoch, and snapshots under published names. A fit of the same settings goes on there.
    progress : bool, function or None, default None
        See `rate2spike.progress`.

    Returns
    -------
    FitResult

    Raises
    ------
    InputError
        For data that do not fit the network, training data without a spike for a network with a head of spikes, a folder
        with another fit, and losses that are not finite.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.neuron_as_net.architecture import point_architecture
    >>> from rate2spike.spiking.neuron_as_net.fit import fit
    >>> from rate2spike.spiking.neuron_as_net.network import TwinNetwork
    >>> from rate2spike.spiking.neuron_as_net.schedule import point_schedule
    >>> from rate2spike.spiking.neuron_as_net.targets import POINT_TARGETS
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> from rate2spike.spiking.twin_data.simulate import simulate
    >>> data = simulate(IntegrateAndFire(), POINT_INPUT, "cells", n_simulations=8, seed=1)
    >>> network, more = TwinNetwork(point_architecture()), dict(batches_per_epoch=10, epochs_per_stage=1)
    >>> result = fit(network, data, data, point_schedule(3), POINT_TARGETS, progress=False, **more)
    >>> result.n_updates
    30
    """
    if not isinstance(network, TwinNetwork):
        raise InputError(f"{{network}} must be a TwinNetwork, got {type(network).__name__}", "network")
    work = _Fit(
        network,
        files_of(training_data, "training_data"),
        files_of(validation_data, "validation_data"),
        schedule or published_schedule(),
        targets or Targets(),
        pca,
        FitOptions(**settings),
    )
    with TemporaryDirectory() if folder is None else nullcontext(checked_path(folder, "folder")) as place:
        return work.run(Path(place), progress, keep=folder is not None)


@dataclass
class _Fit:
    network: TwinNetwork
    train_files: list[DataFile]
    valid_files: list[DataFile]
    schedule: Schedule
    targets: Targets
    pca: DendriticPCA | None
    options: FitOptions
    snapshots: list[Path] = field(default_factory=list)

    def run(self, folder: Path, progress: bool | OnProgress | None, keep: bool) -> FitResult:
        """All epochs that are left."""
        self._check_spikes()
        self._find_components()
        train, valid = self._batches(self.train_files, Role.TRAINING), self._batches(self.valid_files, Role.VALIDATION)
        optimizer = optimizer_of(self.options, self.network.model)
        epochs = ResumableEpochs(
            self.network.model, optimizer, folder, self._settings(), best_by="score", may_differ=MAY_DIFFER
        )
        epochs.resume()
        self._check_begun_alike(epochs.history, folder)
        updates = CompiledUpdates(self.network, optimizer, self.options.batch_size, self.options.window_ms)
        total = self.schedule.n_epochs * self.options.epochs_per_stage
        with following(progress, "fitting", total * train.n_batches) as advance:
            advance("kept from before", epochs.n_done * train.n_batches)
            while epochs.n_done < total:
                self._run_epoch(epochs, updates, train, valid, advance)
                if keep and epochs.n_done % self.options.epochs_per_stage == 0:
                    self._write_snapshot(folder, epochs)
        if self.options.keep_best and epochs.n_done:
            self.network.model.load_weights(folder / "best.keras")
        return FitResult(self._twin(epochs), tuple(epochs.history), tuple(self.snapshots))

    def _run_epoch(
        self,
        epochs: ResumableEpochs,
        updates: CompiledUpdates,
        train: WindowBatches,
        valid: WindowBatches,
        advance: Advance,
    ) -> None:
        phase = self.schedule.at(epochs.n_done // self.options.epochs_per_stage)
        updates.set_weights(phase.weights)

        def epoch(k: int) -> dict[str, Any]:
            start, losses = time.monotonic(), []
            for batch in train.epoch(k):
                losses.append(updates.update(batch))
                advance(f"loss {float(losses[-1]['loss']):.4f}")
                if not math.isfinite(float(losses[-1]["loss"])):
                    raise epochs.not_finite(f"batch {len(losses)} of {train.n_batches}")
            validated = means([updates.losses(batch) for batch in valid.epoch(k)], "val_")
            return {
                **means(losses),
                **validated,
                "score": -validated.get(f"val_{SPIKES}_loss", validated["val_loss"]),
                "loss_weights": dict(phase.weights),
                "n_steps": train.n_batches,
                "seconds": round(time.monotonic() - start, 3),
                "train_files": train.files_of(k),
                "valid_files": valid.files_of(k),
            }

        epochs.run_epoch(phase.learning_rate, epoch)

    def _check_begun_alike(self, history: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """Raise InputError if a fit began with other learning rates or weights: a schedule may be longer, not another."""
        begin = self.schedule.at(0)
        for name, value in (("lr", begin.learning_rate), ("loss_weights", dict(begin.weights))) if history else ():
            if history[0][name] != value:
                raise InputError(
                    f"{folder} holds a fit of another {{schedule}}: {name} {history[0][name]} there, {value} here",
                    "schedule",
                )

    def _check_spikes(self) -> None:
        """Raise InputError if there are spikes to learn and the training data have none; reads up to the first spike."""
        heads = (head.name for head in self.network.architecture.heads)
        simulations = (one for file in self.train_files for one in file.read())
        if SPIKES in heads and not any(one.n_spikes for one in simulations):
            raise InputError(
                "{training_data} hold no spike, so that the head of spikes has nothing to learn and AUC is undefined: "
                "simulate a cell that fires, or leave the head out",
                "training_data",
            )

    def _find_components(self) -> None:
        """Fit the components to the first file, if there are to be some and none are given."""
        head = next((one for one in self.network.architecture.heads if one.name == DENDRITIC), None)
        if head is None or self.pca is not None or self.targets.dendrites != COMPONENTS:
            return
        voltages = (one.recording.v_dendrites_mv for one in self.train_files[0].read())
        given = (v for v in voltages if v is not None)
        try:
            self.pca = DendriticPCA.fit(given, head.n_outputs)
        except InputError as error:
            raise InputError(f"components of dendritic voltages in {self.train_files[0].name}: {error}") from None

    def _batches(self, files: list[DataFile], role: Role) -> WindowBatches:
        architecture, options = self.network.architecture, self.options

        def prepare(simulation: CellSimulation) -> Prepared:
            return Prepared(simulation.events, self.targets.of(simulation, architecture.heads, self.pca))

        source = PreparedFiles(files, prepare, options.files_in_memory, architecture.n_synapses)
        is_training = role is Role.TRAINING
        return WindowBatches(
            source,
            options,
            options.n_left_out(architecture.history_ms),
            options.train_files_per_epoch if is_training else options.valid_files_per_epoch,
            options.seed,
            role,
            min(one.events.duration_ms for one in source[0]),
            options.batches_per_epoch if is_training else options.valid_batches,
        )

    def _settings(self) -> dict[str, Any]:
        """What decides the numbers."""
        return {
            "architecture": described(self.network.architecture),
            "network_seed": self.network.seed,
            "targets": plain(self.targets),
            "schedule": phases_of(self.schedule),
            "training_data": [file.known_by for file in self.train_files],
            "validation_data": [file.known_by for file in self.valid_files],
            **plain(self.options),
        }

    def _twin(self, epochs: ResumableEpochs) -> SavedTwin:
        twin = SavedTwin(self.network, self.targets, self.pca)
        files = {"train": [file.name for file in self.train_files], "valid": [file.name for file in self.valid_files]}
        metadata = published_metadata(twin, self.options, self.schedule, epochs.history, files)
        return SavedTwin(self.network, self.targets, self.pca, metadata)

    def _write_snapshot(self, folder: Path, epochs: ResumableEpochs) -> None:
        if not is_good(epochs.history, self.options.loss_gate):
            return
        has_spikes = f"{SPIKES}_loss" in epochs.history[-1]
        names = (f"{SPIKES}_loss", f"val_{SPIKES}_loss") if has_spikes else ("loss", "val_loss")
        losses = (recent_mean(epochs.history, names[0]), recent_mean(epochs.history, names[1]))
        n_samples = sum(record["n_steps"] for record in epochs.history) * self.options.batch_size
        rng = generator(self.options.seed, Role.TRAINING, _SNAPSHOT, epochs.n_done)
        name = checkpoint_name(
            self.options.variant, self.network.overview, datetime.now(), n_samples, losses, int(rng.integers(100_000))
        )
        self.snapshots.append(save_twin(self._twin(epochs), folder / "snapshots" / f"{name}.keras"))
