"""A penalty on too many spikes."""

from typing import Any

from rate2spike.calls import public
from rate2spike.checks import FRACTION, NOT_NEGATIVE, number, shown
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cell import PACKAGE


def spike_rate_penalty(spike_sums: tf.Tensor, valid_steps: tf.Tensor, target_probability: float) -> tf.Tensor:
    """Mean over trials of max(0, n - N p T)^2 / T: only activity above the target is punished.

    spike_sums (B, N): spikes of every unit, n their sum; valid_steps (B,): T; p: target spikes per unit and step.
    """
    steps = tf.cast(valid_steps, spike_sums.dtype)
    n_units = tf.cast(tf.shape(spike_sums)[1], spike_sums.dtype)
    excess = tf.nn.relu(tf.reduce_sum(spike_sums, 1) - n_units * target_probability * steps)
    return tf.reduce_mean(tf.square(excess) / steps)


@keras.saving.register_keras_serializable(PACKAGE)
@public()
class SpikeRateRegularizer(keras.regularizers.Regularizer):
    """Penalty on too many spikes, the `activity_regularizer` of a spiking layer.

    Of spikes (batch, time, N), the mean over trials of weight · max(0, n - N p T)² / T: n spikes in T steps, p the target.
    Only activity above the target is punished (Ferrand et al., ICANN 2023).

    Parameters
    ----------
    target_probability : float, default 0.01
        Spikes p per unit and time step, from 0 to 1, above which activity is punished.
    weight : float, default 1e-4
        Weight of the penalty in the loss, from 0; it has no unit.

    Raises
    ------
    InputError
        For a value out of range.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> layer = r2s.LIF(50, seed=1, activity_regularizer=r2s.SpikeRateRegularizer(0.01))
    >>> layer.activity_regularizer.target_probability
    0.01
    """

    def __init__(self, target_probability: float = 0.01, weight: float = 1e-4):
        self.target_probability = number(target_probability, "{target_probability}", "target_probability", FRACTION)
        self.weight = number(weight, "the regulariser's weight", "weight", NOT_NEGATIVE)

    def __call__(self, z: tf.Tensor) -> tf.Tensor:
        """The penalty, summed over trials: Keras divides what a regulariser of activity gives by their number."""
        if len(getattr(z, "shape", ())) != 3:
            raise InputError(
                "SpikeRateRegularizer takes the spikes (batch, time, units) of a layer, as its activity_regularizer; "
                f"got {shown(z) if not hasattr(z, 'shape') else f'shape {tuple(z.shape)}'}"
            )
        n_trials = tf.shape(z)[0]
        steps = tf.fill([n_trials], tf.shape(z)[1])
        penalty = spike_rate_penalty(tf.reduce_sum(z, 1), steps, self.target_probability)
        # in the precision in which Keras sums losses
        return tf.cast(self.weight * penalty * tf.cast(n_trials, z.dtype), keras.config.floatx())

    def __repr__(self) -> str:
        return f"SpikeRateRegularizer(target_probability={self.target_probability}, weight={self.weight})"

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the regulariser anew."""
        return {"target_probability": self.target_probability, "weight": self.weight}
