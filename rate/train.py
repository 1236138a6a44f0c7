"""Training a rate network: `train`, and `train_interruptibly`, which commands use. No printing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import function_or_none, shown
from rate2spike.errors import InputError
from rate2spike.io.checkpoints import load_latest
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.progress import Advance, OnProgress, following
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.rate_evaluation import RateEvaluation
from rate2spike.rate.recipes import DEFAULTS, settings_for
from rate2spike.rate.task import Task
from rate2spike.rate.training_run import Checkpointing, OnEvaluation, OnUpdate, TrainingResult, TrainingRun
from rate2spike.seeding import resolve_seed
from rate2spike.trained_model import TrainedModel

ADVISED = ("learning_rate", "clip_norm")  # settings that `divergence_advice` names


class DivergenceError(InputError):
    """The loss became NaN or infinite. `model` is the last good network."""

    def __init__(self, message: str, model: TrainedModel):
        super().__init__(message, *ADVISED)
        self.model = model


@public(
    settings=TrainConfig,
    elsewhere=DEFAULTS,
    hint="options of the task are given as task_options={name: value}; help(train) lists the settings",
)
def train(
    task: str | Task | TrainConfig | None = None,
    *,
    config: TrainConfig | None = None,
    recipe: bool = True,
    task_options: Mapping[str, Any] | None = None,
    on_update: OnUpdate | None = None,
    on_evaluation: OnEvaluation | None = None,
    progress: bool | OnProgress | None = None,
    checkpoints: Checkpointing | None = None,
    strategy: Any = None,
    **settings: Any,
) -> TrainedModel:
    """Train a rate network and return it (Kim, Li & Sejnowski 2019).

    Parameters
    ----------
    task : str, Task or TrainConfig, default "go-nogo"
        What to train on: a task, its name (`tasks.list()`), or a TrainConfig, whose settings then hold.
    config : TrainConfig, optional
        The same, by name; `task` then changes its task.
    recipe : bool, default True
        Start from the task's recipe (`r2s.recipe(task)`), as `rate2spike train --recipe` and `run` do; False: from the
        published settings, `TrainConfig(task=...)`, as `rate2spike train` does. Without effect on a TrainConfig.
    task_options : mapping, optional
        Options of the task that differ: timing in steps of 5 ms, and amplitudes.
    on_update : callable, optional
        Called as on_update(update, loss) after each update, counted from 0.
    on_evaluation : callable, optional
        Called as on_evaluation(update, evaluation) after each evaluation, a RateEvaluation.
    progress : bool or callable, optional
        None: a bar on a terminal or in a notebook; True: there and as lines in a log; False: nothing; a function is called
        as progress(n_done, n_updates, text).
    checkpoints : Checkpointing, optional
        Where checkpoints go, and whether to go on from the last one there.
    strategy : tf.distribute.Strategy, optional
        Each batch is divided over its replicas.

    Returns
    -------
    TrainedModel
        The network with its history; `training_success` says whether the criteria were met. `save_model` writes it.

    Raises
    ------
    InputError
        If a setting cannot be used.
    DivergenceError
        If the loss is not finite; its `model` is the last good network.
    KeyboardInterrupt
        On Ctrl-C; `train_interruptibly` returns the network so far in both cases.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.train("go-nogo", n_units=20, n_updates=3, seed=1)
    >>> model.task, model.n_units, model.n_updates_done
    ('go-nogo', 20, 3)
    """
    changes = settings if task_options is None else {**settings, "task_options": task_options}
    wanted = settings_for(task, config, changes, from_recipe=recipe)
    function_or_none(on_update, "on_update"), function_or_none(on_evaluation, "on_evaluation")
    if not (checkpoints is None or isinstance(checkpoints, Checkpointing)):
        raise InputError(f"{{checkpoints}} must be a Checkpointing(folder), got {shown(checkpoints)}", "checkpoints")
    if not (strategy is None or hasattr(strategy, "scope")):
        raise InputError(f"{{strategy}} must be a tf.distribute strategy, got {shown(strategy)}", "strategy")
    with following(progress, f"training {wanted.task.name}", wanted.n_updates) as advance:
        told = _told(advance, on_update, on_evaluation)
        result = train_interruptibly(wanted, *told, checkpoints, strategy)
    if result.diverged_at is not None:
        raise DivergenceError(divergence_advice(result), result.model)
    if result.interrupted:
        raise KeyboardInterrupt
    return result.model


def _told(
    advance: Advance, on_update: OnUpdate | None, on_evaluation: OnEvaluation | None
) -> tuple[OnUpdate, OnEvaluation]:
    """The user's functions, with the progress told beside."""
    accuracy_text, done = "", 0

    def updated(update: int, loss: float) -> None:
        nonlocal done
        advance(f"loss {loss:.2f}{accuracy_text}", update + 1 - done)
        done = update + 1
        if on_update:
            on_update(update, loss)

    def evaluated(update: int, evaluation: RateEvaluation) -> None:
        nonlocal accuracy_text
        accuracy_text = f", accuracy {evaluation.accuracy:.2f}"
        if on_evaluation:
            on_evaluation(update, evaluation)

    return updated, evaluated


@one_blas_thread()
def train_interruptibly(
    config: TrainConfig,
    on_update: OnUpdate | None = None,
    on_evaluation: OnEvaluation | None = None,
    checkpoints: Checkpointing | None = None,
    strategy: Any = None,
) -> TrainingResult:
    """Like `train`, but Ctrl-C or divergence end training and return the network as it is then.

    Raises KeyboardInterrupt if Ctrl-C comes before the first update, when there is no network yet to return.
    """
    set_threads(tf)
    checkpoint = load_latest(checkpoints.folder) if checkpoints and checkpoints.resume else None
    seed = config.seed
    if seed is None and checkpoint is not None:
        seed = checkpoint.settings.get("seed")
    run = TrainingRun(replace(config, seed=resolve_seed(seed)), on_evaluation, checkpoints, strategy)
    if checkpoint is not None:
        run.restore(checkpoint)
    return run.to_the_end(on_update)


def divergence_advice(result: TrainingResult) -> str:
    """What to say to the user, in an InputError about the settings ADVISED."""
    rate = result.model.settings["learning_rate"]
    return (
        f"training diverged at update {result.diverged_at}: the loss is not finite; the network is that of update "
        f"{result.model.last_update}. Lower {{learning_rate}} (now {rate:g}) or give {{clip_norm}} 1"
    )
