"""A training run in progress: its updates, evaluations and checkpoints, until it ends, is interrupted or diverges.

Every draw comes from the seed: initial weights, the trials of update k from (seed, TRAINING, k), those of the evaluation
after it from (seed, VALIDATION, k), and the noise of either likewise. So a checkpoint needs no state of a generator.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.checkpoints import Checkpoint, check_settings, save_checkpoint
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.options import defaults_of
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of, trained_model
from rate2spike.rate.rate_evaluation import RateEvaluation, batch_arrays, evaluate_rate, noise_seed, trajectory
from rate2spike.rate.stopping import EvaluationRow, is_evaluated_after, may_differ, stops_early
from rate2spike.rate.update import compiled_update, learning_rate_at, make_optimizer
from rate2spike.rate.weights import draw_weights
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.seeding import Role, generator
from rate2spike.trained_model import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

OnUpdate = Callable[[int, float], None]  # update, loss
OnEvaluation = Callable[[int, RateEvaluation], None]

N_EVALUATION_TRIALS = 100


@dataclass(frozen=True, eq=False, repr=False)
class TrainingResult(Readable):
    """What a training run gives."""

    model: TrainedModel
    evaluations: list[EvaluationRow] = field(repr=False)
    interrupted: bool = False  # by Ctrl-C
    diverged_at: int | None = None  # the update at which the loss was not finite; the model is from before

    def summary(self) -> dict[str, Any]:
        """The network's, and how training ended unless by itself."""
        ended = {"interrupted": self.interrupted or None, "diverged_at": self.diverged_at}
        return self.model.summary() | {name: value for name, value in ended.items() if value is not None}

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw loss and accuracy of the evaluations over the updates; ax: where, in place of a new figure."""
        return draw("rate.plots:evaluations_over_updates", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per evaluation: update, loss, accuracy, learning rate."""
        names = [item.name for item in fields(EvaluationRow)]
        return dataframe({name: [getattr(row, name) for row in self.evaluations] for name in names})


@dataclass(frozen=True)
class Checkpointing:
    """Where checkpoints go; with `resume` training goes on from the newest one there, if there is one."""

    folder: Path
    resume: bool = False


class TrainingRun:
    """A training run in progress: network, optimiser and history."""

    def __init__(
        self, config: TrainConfig, on_evaluation: OnEvaluation | None, checkpoints: Checkpointing | None, strategy: Any
    ):
        assert config.seed is not None
        self.config, self.seed = config, config.seed
        self.on_evaluation, self.checkpoints = on_evaluation, checkpoints
        self.initial = draw_weights(config, generator(self.seed, Role.INITIAL_WEIGHTS))
        with strategy.scope() if strategy is not None else nullcontext():
            self.network = network_of(config, self.initial)
            self.optimizer = make_optimizer(self.network, config)
        self.first = trajectory(self.network, config.task, self.seed, key=0)
        self.step = compiled_update(self.network, config, self.optimizer, strategy)
        self.losses = np.zeros(config.n_updates)
        self.evaluations: list[EvaluationRow] = []
        self.last_update, self.restored_update = -1, -1
        self.evaluation: RateEvaluation | None = None
        self.success = False
        self.last_good = self.arrays()

    def to_the_end(self, on_update: OnUpdate | None) -> TrainingResult:
        """Train until the criteria are met, the updates used up, or something ends it."""
        interrupted, diverged_at = False, None
        try:
            diverged_at = self._updates(on_update)
        except KeyboardInterrupt:
            if self.last_update < 0:  # there is nothing yet that would be worth keeping
                raise
            interrupted = True
            if self.checkpoints and int(self.optimizer.iterations) == self.last_update + 1:  # not torn amid an update
                self._save_checkpoint()
        try:
            if self.evaluation is None:  # judge the network that is returned, not the one before the last updates
                self._evaluate()
        except KeyboardInterrupt:  # the network is worth more than its evaluation
            interrupted = True
        model = trained_model(
            self.config,
            self.initial,
            self.network,
            first=self.first,
            last=trajectory(self.network, self.config.task, self.seed, key=1),
            losses=self.losses,
            last_update=self.last_update,
            evaluation=self.evaluation,
            success=self.success,
        )
        return TrainingResult(model, self.evaluations, interrupted, diverged_at)

    def _updates(self, on_update: OnUpdate | None) -> int | None:
        """Run updates; the number of the one that diverged, or None."""
        config = self.config
        # the update of a checkpoint was made, but not yet what follows it
        for update in range(max(self.restored_update, 0), config.n_updates):
            if update != self.restored_update:
                loss = self._update(update)
                if not np.isfinite(loss):
                    return self._back_to_good_state()
                if on_update:
                    on_update(update, loss)
            if is_evaluated_after(config, update):
                if update != self.restored_update and not self._keep_good_state():
                    return update
                self._evaluate()
                if stops_early(config, self.evaluations):
                    return None
        return None if self._weights_are_finite() else self._back_to_good_state()

    def _update(self, update: int) -> float:
        config = self.config
        rng = generator(self.seed, Role.TRAINING, update)
        trials = [config.task.draw(rng) for _ in range(config.batch_size)]
        if config.lr_schedule != "constant":
            self.optimizer.learning_rate.assign(learning_rate_at(config, update))
        loss = float(self.step(*batch_arrays(trials), noise_seed(rng)))
        self.losses[update] = loss
        self.last_update, self.evaluation = update, None  # the network has changed since it was evaluated
        return loss

    def _evaluate(self) -> None:
        update, config = self.last_update, self.config
        rng = generator(self.seed, Role.VALIDATION, update + 1)
        self.evaluation = evaluate_rate(self.network, config.task, N_EVALUATION_TRIALS, config.loss, rng)
        rate = learning_rate_at(config, max(update, 0))
        self.evaluations.append(EvaluationRow(update, self.evaluation.loss, self.evaluation.accuracy, rate))
        self.success = config.succeeds(update, self.evaluation.loss, self.evaluation.accuracy)
        if self.on_evaluation:
            self.on_evaluation(update, self.evaluation)

    def _keep_good_state(self) -> bool:
        """Keep the present state to fall back to; if it is not finite, fall back at once and return False."""
        if not self._weights_are_finite():
            self._back_to_good_state()
            return False
        self.last_good = self.arrays()
        if self.checkpoints:
            self._save_checkpoint()
        return True

    def _weights_are_finite(self) -> bool:
        return all(np.isfinite(variable.numpy()).all() for _, variable in self._variables())

    def _back_to_good_state(self) -> int:
        """Return to the last good state; the number of the update that diverged."""
        diverged_at = self.last_update
        self._set_arrays(self.last_good)
        return diverged_at

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that a later run needs besides the settings."""
        state = {f"network_{name}": variable.numpy() for name, variable in self._variables()}
        state |= {f"optimizer_{k}": variable.value.numpy() for k, variable in enumerate(self.optimizer.variables)}
        # the evaluation after this update, if one was made already, is made again by who goes on from here
        before = [row for row in self.evaluations if row.update < self.last_update]
        rows = np.array([(r.update, r.loss, r.accuracy, r.learning_rate) for r in before]).reshape(-1, 4)
        return state | {"losses": self.losses[: self.last_update + 1].copy(), "evaluations": rows}

    def _set_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        for name, variable in self._variables():
            variable.assign(arrays[f"network_{name}"])
        for k, variable in enumerate(self.optimizer.variables):
            variable.assign(arrays[f"optimizer_{k}"])
        self.last_update = len(arrays["losses"]) - 1
        self.losses[:] = 0
        self.losses[: self.last_update + 1] = arrays["losses"]
        self.evaluations[:] = [EvaluationRow(int(row[0]), *row[1:].tolist()) for row in arrays["evaluations"]]
        self.evaluation = None

    def _variables(self) -> list[tuple[str, tf.Variable]]:
        names = ("w_rec", "w_in", "w_out", "b_out", "tau_logit", "unit_bias")
        return [(name, getattr(self.network, name)) for name in names if getattr(self.network, name) is not None]

    def _save_checkpoint(self) -> None:
        assert self.checkpoints is not None
        save_checkpoint(self.checkpoints.folder, self.last_update, self.arrays(), self.config.flat())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint. Raises InputError if it is of other settings."""
        check_settings(checkpoint, self.config.flat(), may_differ(self.config), defaults_of(TrainConfig))
        if len(checkpoint.arrays["losses"]) > self.config.n_updates:
            raise InputError(
                f"checkpoint {checkpoint.path} is of update {checkpoint.update}: {{n_updates}} "
                f"{self.config.n_updates} ends before it",
                "n_updates",
            )
        self._set_arrays(checkpoint.arrays)
        self.restored_update = self.last_update
        self.last_good = self.arrays()
