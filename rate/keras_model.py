"""The rate network the Keras way: a layer, a model whose `fit` draws its own trials, and its callback.

    model = r2s.keras_model("go-nogo", seed=1)
    history = model.fit(epochs=4)
    r2s.training_figure(history).savefig("training.png")
    r2s.save_model(model.to_trained_model(history), "go_nogo.mat")

Arrays are (batch, time, units). `train` is the faster way to a trained network; this is the one to build on.
"""

from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of, trained_model
from rate2spike.rate.model import trial_losses
from rate2spike.rate.rate_evaluation import batch_arrays, evaluate_rate, trajectory
from rate2spike.rate.recipes import recipe
from rate2spike.rate.train import N_EVALUATION_TRIALS
from rate2spike.rate.update import ADAM_EPSILON, LEAST_SHARE
from rate2spike.rate.weights import draw_weights
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.trained_model import TrainedModel

PACKAGE = "rate2spike"


@keras.saving.register_keras_serializable(PACKAGE)
class RateLayer(keras.layers.Layer):
    """The network as a layer: inputs u (B, T, n_inputs) to outputs (B, T-1, n_outputs), noise included.

    Made of a TrainConfig, whose seed decides the initial weights and the noise. Penalties are added to the loss. It computes
    in float32 whatever Keras' dtype policy is, as the trainer does.
    """

    def __init__(self, config: TrainConfig | dict[str, Any] | None = None, **kwargs: Any):
        """config: settings, or their sections as `get_config` gives them. Raises InputError."""
        super().__init__(**{**kwargs, "dtype": "float32"})
        if isinstance(config, dict):
            config = TrainConfig.from_sections(config, "the saved layer")
        config = config or TrainConfig()
        self.config = TrainConfig(**{**vars(config), "seed": resolve_seed(config.seed)})
        self.supports_jit = False  # XLA unrolls the loop over time: several times slower on a CPU
        assert self.config.seed is not None
        self.initial = draw_weights(self.config, generator(self.config.seed, Role.INITIAL_WEIGHTS))
        self.network = network_of(self.config, self.initial, make_variable=self._make_variable)
        self.seed_generator = keras.random.SeedGenerator(self.config.seed % 2**31)
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


@keras.saving.register_keras_serializable(PACKAGE)
class PublishedLoss(keras.losses.Loss):
    """Mean over trials of the published loss: `l2`, the root of the summed squares, or `l1`.

    y_true is the target from its first sample on, (B, T-1, n_outputs).
    """

    def __init__(self, kind: str = "l2", name: str = "published_loss", **kwargs: Any):
        super().__init__(name=name, **{"reduction": "sum_over_batch_size", "dtype": "float32", **kwargs})
        self.kind = kind

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """(B,) losses."""
        padded = tf.concat([tf.cast(y_true, y_pred.dtype), tf.zeros_like(y_pred[:, :1])], 1)
        return trial_losses(y_pred, padded, self.kind)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the loss anew."""
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable(PACKAGE)
class ExponentialToFloor(keras.optimizers.schedules.LearningRateSchedule):
    """Exponential decay to `final` of the learning rate after `length` updates, and constant from there on."""

    def __init__(self, learning_rate: float, length: int, final: float):
        self.learning_rate, self.length, self.final = learning_rate, length, final

    def __call__(self, step: Any) -> tf.Tensor:
        """The learning rate of an update."""
        progress = tf.minimum(tf.cast(step, tf.float32) / self.length, 1.0)
        return self.learning_rate * tf.pow(max(self.final, LEAST_SHARE), progress)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the schedule anew."""
        return {"learning_rate": self.learning_rate, "length": self.length, "final": self.final}


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

    def to_trained_model(self, history: Any = None) -> TrainedModel:
        """The network as it is now, to be saved, converted and searched. history: what `fit` returned."""
        layer = self.rate_layer
        config, n_done = layer.config, int(self.optimizer.iterations) if self.optimizer else 0
        assert config.seed is not None
        initial_network = network_of(config, layer.initial)
        judge = self.task_accuracy
        per_epoch = np.asarray(history.history["loss"] if history else [])
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
        """What makes the model again."""
        return {**super().get_config(), "rate_layer": keras.saving.serialize_keras_object(self.rate_layer)}


def keras_model(task: Any = "go-nogo", **settings: Any) -> RateModel:
    """A compiled model of a task, with the settings of its recipe unless others are given. Raises InputError.

    The learning-rate schedule, if there is one, and the clipping are those of the settings.
    """
    set_threads(tf)
    base = recipe(task)
    config = TrainConfig(**{**vars(base), **settings, "task": base.task})
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
