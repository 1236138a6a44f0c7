"""Traces of spikes: leaky sums that start at zero."""

from rate2spike.checks import Range, number
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.leaky_sum import leaky_sum

AT_LEAST_ONE_STEP = Range(least=1)


def time_constant(value: float, name: str) -> float:
    """A time constant in steps. Raises InputError unless it is a finite number from 1, which leaves no memory."""
    return number(value, f"{{{name}}}", name, AT_LEAST_ONE_STEP)


def trace(pulses: tf.Tensor, tau: float, before: tf.Tensor) -> tf.Tensor:
    """x[t] = (1 - 1/tau) x[t-1] + pulses[t], over the first axis: the pulses of a step are in its trace.

    pulses: (T, ...). before: (...), the trace up to here.
    """
    return leaky_sum(pulses, 1.0 - 1.0 / tau, 1.0, before)


def low_pass_weights(n_steps: tf.Tensor, tau: float, dtype: tf.DType) -> tuple[tf.Tensor, ...]:
    """How the low-pass filter y[t] = a y[t-1] + (1 - a) x[t], a = 1 - 1/tau, weighs x and y[-1], without making y.

    Σ_t y[t] = Σ_i into_sum[i] x[i] + before_into_sum y[-1];  y[T-1] = Σ_i into_last[i] x[i] + before_into_last y[-1].
    """
    decay = tf.constant(1.0 - 1.0 / tau, dtype)
    left = tf.cast(tf.range(n_steps, 0, -1), dtype)  # T - i
    to_the_end = decay**left
    all_steps = to_the_end[0]
    into_last = (1.0 - decay) * decay ** (left - 1.0)
    return 1.0 - to_the_end, decay * (1.0 - all_steps) * tf.constant(tau, dtype), into_last, all_steps
