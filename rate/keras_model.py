"""The rate network the Keras way: a layer, a model whose `fit` draws its own trials, and its callback.

    model = r2s.keras_model("go-nogo", seed=1)
    history = model.fit(epochs=4)
    r2s.training_figure(history).savefig("training.png")
    r2s.save_model(model.to_trained_model(history), "go_nogo.mat")

Arrays are (batch, time, units). `train` is the faster way to a trained network; this is the one to build on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of, trained_model
from rate2spike.rate.keras_loss import PACKAGE, ExponentialToFloor, PublishedLoss
from rate2spike.rate.rate_evaluation import batch_arrays, evaluate_rate, trajectory
from rate2spike.rate.recipes import DEFAULTS, settings_for
from rate2spike.rate.task import Task
from rate2spike.rate.training_run import N_EVALUATION_TRIALS
from rate2spike.rate.update import ADAM_EPSILON
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.trained_model import TrainedModel

_KERAS_OWN = {"activity_regularizer", "autocast", "dtype", "name", "trainable"}  # what each of its layers takes


@keras.saving.register_keras_serializable(PACKAGE)
class RateLayer(keras.layers.Layer):
    """The network as a layer: inputs u (B, T, n_inputs) to outputs (B, T-1, n_outputs), noise included.

    Penalties are added to the loss. It computes in float32 whatever Keras' dtype policy is, as the trainer does.

    Parameters
    ----------
    config : TrainConfig, default `TrainConfig()`
        Settings, whose seed decides the initial weights and the noise. The default are the published settings for go-nogo;
        `RateLayer(r2s.recipe("go-nogo"))` has those of the recipe. A dict is what `get_config` gives.
    **kwargs
        As keras.layers.Layer takes them, such as `name`.

    Raises
    ------
    InputError
        If config is no TrainConfig.

    Examples
    --------
    >>> import numpy as np
    >>> import rate2spike as r2s
    >>> layer = r2s.RateLayer(r2s.TrainConfig(n_units=10, seed=1))
    >>> layer(np.zeros((2, 50, 1), "float32")).shape  # trials, steps of 5 ms, channels
    TensorShape([2, 49, 1])
    """

    def __init__(self, config: TrainConfig | dict[str, Any] | None = None, **kwargs: Any):
        if not (config is None or isinstance(config, TrainConfig | dict)):
            raise InputError(
                f"{{config}} must be a TrainConfig, such as r2s.recipe gives, got {shown(config)}", "config"
            )
        if unknown := sorted(set(kwargs) - _KERAS_OWN):
            raise InputError(
                f"RateLayer: unknown setting {unknown[0]!r}: settings stand in the config, r2s.TrainConfig(...)"
            )
        super().__init__(**{**kwargs, "dtype": "float32"})
        if isinstance(config, dict):
            config = _saved_config(config)
        config = config or TrainConfig()
        self.config = TrainConfig(**{**vars(config), "seed": resolve_seed(config.seed)})
        self.supports_jit = False  # XLA unrolls the loop over time: several times slower on a CPU
        assert self.config.seed is not None
        self.initial = draw_weights(self.config, generator(self.config.seed, Role.INITIAL_WEIGHTS))
        self.network = network_of(self.config, self.initial, make_variable=self._make_variable)
        self.seed_generator = keras.random.SeedGenerator(self.config.seed % 2**31)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: self.config.task.n_inputs})
        self.built = True

    def call(self, u: tf.Tensor) -> tf.Tensor:
        """Outputs o (B, T-1, n_outputs) from t = 1 on."""
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        batch_size = tf.shape(u)[0] if u.shape[0] is None else u.shape[0]
        u = u + 0.0 * u  # NaN where it is infinite, which a rate would show as 1
        noise = self.network.draw_noise(batch_size, u.shape[1], seed)
        o, r = self.network.outputs_and_rates(u, noise)
        if self.config.l2_rates:
            self.add_loss(self.config.l2_rates * tf.reduce_mean(tf.square(r)))
        if self.config.l2_weights:
            self.add_loss(self.config.l2_weights * tf.reduce_sum(tf.square(self.network.effective_w())))
        return o

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(B, T-1, n_outputs)."""
        return (input_shape[0], input_shape[1] - 1, self.network.n_outputs)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "config": self.config.sections()}

    def _make_variable(self, value: Any, dtype: tf.DType, trainable: bool, name: str) -> Any:
        return self.add_weight(
            name=name,
            shape=np.shape(value),
            dtype=dtype.name,
            trainable=trainable,
            initializer=lambda _shape, dtype: tf.constant(np.asarray(value), dtype=dtype),
        )


class TaskTrials(keras.utils.PyDataset):
    """Batches of fresh trials, (u, target), without end: those of batch k follow from the seed and k."""

    def __init__(self, config: TrainConfig, epoch: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.config, self.seed = config, resolve_seed(config.seed)
        self.epoch = epoch

    def __len__(self) -> int:
        """Batches of an epoch: the updates between two evaluations."""
        return self.config.evaluate_every

    def __getitem__(self, index: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Batch `index` of the present epoch."""
        rng = generator(self.seed, Role.TRAINING, self.epoch * len(self) + index)
        u, target = batch_arrays([self.config.task.draw(rng) for _ in range(self.config.batch_size)])
        return u, target[:, :-1]

    def on_epoch_end(self) -> None:
        """Go on to other trials."""
        self.epoch += 1


class TaskAccuracy(keras.callbacks.Callback):
    """After every epoch, `val_loss` and `val_accuracy` on 100 fresh trials; ends training when the criteria are met."""

    def __init__(self, stop_at_criteria: bool = True):
        super().__init__()
        self.stop_at_criteria = stop_at_criteria
        self.evaluation: Any = None
        self.success = False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Evaluate; before other callbacks if it stands before them in the list."""
        layer: RateLayer = self.model.rate_layer
        config, update = layer.config, int(self.model.optimizer.iterations)
        rng = generator(config.seed or 0, Role.VALIDATION, update)
        self.evaluation = evaluate_rate(layer.network, config.task, N_EVALUATION_TRIALS, config.loss, rng)
        self.success = config.succeeds(update, self.evaluation.loss, self.evaluation.accuracy)
        if logs is not None:
            logs.update(val_loss=self.evaluation.loss, val_accuracy=self.evaluation.accuracy)
        if self.stop_at_criteria and self.success and config.may_stop(update):
            self.model.stop_training = True


@keras.saving.register_keras_serializable(PACKAGE)
class RateModel(keras.Model):
    """One RateLayer as a model. `fit()` without data draws trials of the task and judges the network after every epoch."""

    def __init__(self, rate_layer: RateLayer | dict[str, Any], **kwargs: Any):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.rate_layer = (
            keras.saving.deserialize_keras_object(rate_layer) if isinstance(rate_layer, dict) else rate_layer
        )
        task = self.rate_layer.config.task
        self.build((None, task.n_steps, task.n_inputs))
        self.task_accuracy: TaskAccuracy | None = None

    def call(self, u: tf.Tensor) -> tf.Tensor:
        """Outputs (B, T-1, n_outputs)."""
        return self.rate_layer(u)

    def fit(
        self, x: Any = None, y: Any = None, *, epochs: int | None = None, callbacks: Any = None, **kwargs: Any
    ) -> Any:
        """As keras.Model.fit; without x on trials of the task, by default until the criteria are met."""
        if epochs is not None:
            epochs = whole_number(epochs, "{epochs}", "epochs")  # 0 would else mean all
        config = self.rate_layer.config
        callbacks = list(callbacks or [])
        if x is None:
            done = int(self.optimizer.iterations) if self.optimizer else 0
            x = TaskTrials(config, epoch=-(-done // config.evaluate_every))
            kwargs["shuffle"] = False  # Keras would put the batches into an order that no seed decides
            epochs = epochs or -(-config.n_updates // config.evaluate_every)
            given = [callback for callback in callbacks if isinstance(callback, TaskAccuracy)]
            self.task_accuracy = given[0] if given else TaskAccuracy()
            # first, so that the callbacks behind it see its values
            callbacks = [
                self.task_accuracy,
                *(callback for callback in callbacks if callback is not self.task_accuracy),
            ]
        return super().fit(x, y, epochs=epochs or 1, callbacks=callbacks, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """As keras.Model.evaluate, on x and y. Raises InputError without them: `fit` judges the network on fresh trials."""
        if x is None:
            raise InputError(
                "{x} is missing: evaluate takes trials; fit() gives val_loss and val_accuracy of fresh ones", "x"
            )
        return super().evaluate(x, y, **kwargs)

    @public()
    def to_trained_model(self, history: Any = None) -> TrainedModel:
        """The network as it is now, to be saved, converted and searched.

        Parameters
        ----------
        history : keras.callbacks.History, default None
            What `fit` of this model returned, for the losses; without it the file holds none.

        Returns
        -------
        TrainedModel

        Raises
        ------
        InputError
            For anything else, and for the history of another model.
        """
        values = {"loss": []} if history is None else getattr(history, "history", history)
        if not isinstance(values, Mapping):
            raise InputError(f"{{history}} must be what fit() returned, got {shown(history)}", "history")
        if getattr(history, "model", self) is not self:
            raise InputError("{history} is of another model: give what fit() of this one returned", "history")
        layer = self.rate_layer
        config, n_done = layer.config, int(self.optimizer.iterations) if self.optimizer else 0
        assert config.seed is not None
        initial_network = network_of(config, layer.initial)
        judge = self.task_accuracy
        per_epoch = np.asarray(values.get("loss", []))
        losses = np.repeat(per_epoch, max(n_done // max(per_epoch.size, 1), 1))[:n_done]  # Keras keeps a mean per epoch
        return trained_model(
            config,
            layer.initial,
            layer.network,
            first=trajectory(initial_network, config.task, config.seed, key=0),
            last=trajectory(layer.network, config.task, config.seed, key=1),
            losses=losses,
            last_update=n_done - 1,
            evaluation=judge.evaluation if judge else None,
            success=bool(judge and judge.success),
        )

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the model anew."""
        return {**super().get_config(), "rate_layer": keras.saving.serialize_keras_object(self.rate_layer)}


@public(settings=TrainConfig, elsewhere=DEFAULTS)
def keras_model(
    task: str | Task | TrainConfig | None = None,
    *,
    config: TrainConfig | None = None,
    recipe: bool = True,
    task_options: Mapping[str, Any] | None = None,
    **settings: Any,
) -> RateModel:
    """A rate network as a compiled Keras model, whose `fit()` draws trials of the task.

    Learning-rate schedule, clipping and seed are those of the settings. `to_trained_model(history)` gives what `save_model`
    writes and the simulator takes.

    Parameters
    ----------
    task : str, Task or TrainConfig, default "go-nogo"
        What to train on: a task, its name (`tasks.list()`), or a TrainConfig, whose settings then hold.
    config : TrainConfig, optional
        The same, by name; `task` then changes its task.
    recipe : bool, default True
        Start from the task's recipe (`r2s.recipe(task)`), as `train` does; False: from the published settings.
    task_options : mapping, optional
        Options of the task that differ: timing in steps of 5 ms, and amplitudes.

    Returns
    -------
    RateModel
        A keras.Model: inputs (batch, time, channels) to outputs (batch, time - 1, outputs).

    Raises
    ------
    InputError
        If a setting cannot be used.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> model = r2s.keras_model("go-nogo", n_units=10, batch_size=2, evaluate_every=2, seed=1)
    >>> history = model.fit(epochs=1, verbose=0)
    >>> model.to_trained_model(history).n_updates_done
    2
    """
    set_threads(tf)
    changes = settings if task_options is None else {**settings, "task_options": task_options}
    config = settings_for(task, config, changes, from_recipe=recipe)
    model = RateModel(RateLayer(config))
    length = config.lr_decay_updates or config.n_updates
    rate: Any = config.learning_rate
    if config.lr_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, length, alpha=config.lr_final)
    elif config.lr_schedule == "exponential":
        rate = ExponentialToFloor(config.learning_rate, length, config.lr_final)
    with float32_by_default():
        optimizer = keras.optimizers.Adam(rate, epsilon=ADAM_EPSILON, global_clipnorm=config.clip_norm)
        model.compile(optimizer=optimizer, loss=PublishedLoss(config.loss), jit_compile=False)
    return model


def _saved_config(sections: dict[str, Any]) -> TrainConfig:
    """The settings that `get_config` gave. Raises InputError for what it never gives."""
    known = TrainConfig().sections().keys() | {"cell_types"}
    if unknown := sections.keys() - known:
        raise InputError(
            f"{{config}} holds {sorted(unknown)[0]!r}: give a TrainConfig, or what get_config gave", "config"
        )
    return TrainConfig.from_sections(sections, "the saved layer")
