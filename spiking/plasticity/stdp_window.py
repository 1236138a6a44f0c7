"""The window of spike-timing-dependent plasticity: the change of a weight over the time between two spikes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import function_or_none, number, whole_number
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.plasticity.learner import factor, number_or_function
from rate2spike.spiking.plasticity.stdp import Factor, OfTrace, acting
from rate2spike.spiking.plasticity.traces import time_constant, trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class STDPWindow(Readable):
    """Changes of a weight by one presynaptic and one postsynaptic spike.

    Attributes
    ----------
    lags_steps : ndarray (2 n_steps + 1,)
        Step of the postsynaptic spike less that of the presynaptic one, from negative to positive.
    changes : ndarray (2 n_steps + 1,)
        Of the weight.
    """

    shown = ("n_lags", "largest_growth", "largest_loss")

    lags_steps: np.ndarray = field(repr=False)
    changes: np.ndarray = field(repr=False)

    @property
    def n_lags(self) -> int:
        """Number of lags."""
        return self.lags_steps.size

    @property
    def largest_growth(self) -> float:
        """The largest change."""
        return float(self.changes.max())

    @property
    def largest_loss(self) -> float:
        """The smallest change, negative where the rule weakens."""
        return float(self.changes.min())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the window; ax: where, in place of a new figure."""
        return draw("spiking.plasticity.plots_stdp_window:stdp_window", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per lag: lag_steps, change."""
        return dataframe({"lag_steps": self.lags_steps, "change": self.changes})


@public()
def stdp_window(
    tau_pre: float,
    tau_post: float,
    f_w_pre_post: Factor = 1.0,
    f_w_post_pre: Factor = 1.0,
    f_trace_pre: OfTrace = None,
    f_trace_post: OfTrace = None,
    *,
    weight: float = 0.5,
    n_steps: int = 20,
) -> STDPWindow:
    """What `STDPLearner` makes of one presynaptic and one postsynaptic spike, over the steps between them.

    Without functions: (1 - 1/tau_pre)^lag where the postsynaptic spike comes lag steps later, -(1 - 1/tau_post)^lag where it
    comes earlier, and nothing in the same step, where both terms count.

    Parameters
    ----------
    tau_pre, tau_post : float
        Time constants of the traces in steps, from 1.
    f_w_pre_post, f_w_post_pre : float or function of the weight, default 1.0
        How the weight scales growth and loss.
    f_trace_pre, f_trace_post : function of a trace, element by element, or None, default None
        What of a trace acts; None: the trace itself.
    weight : float, default 0.5
        The weight that the functions of the weight are called with.
    n_steps : int, default 20
        The largest lag.

    Returns
    -------
    STDPWindow
        With arrays `lags_steps` and `changes`; `plot()` draws it.

    Raises
    ------
    InputError
        For values out of range.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.plasticity.stdp_window(tau_pre=2.0, tau_post=4.0, n_steps=2).changes
    array([-0.5625, -0.75  ,  0.    ,  0.5   ,  0.25  ])
    """
    tau_pre, tau_post = time_constant(tau_pre, "tau_pre"), time_constant(tau_post, "tau_post")
    f_trace_pre, f_trace_post = (
        function_or_none(f_trace_pre, "f_trace_pre"),
        function_or_none(f_trace_post, "f_trace_post"),
    )
    lags = np.arange(2 * whole_number(n_steps, "{n_steps}", "n_steps") + 1) - n_steps
    pre, post = _spike_at(np.maximum(-lags, 0)), _spike_at(np.maximum(lags, 0))
    growth = tf.reduce_sum(post * acting(trace(pre, tau_pre, tf.zeros_like(pre[0])), f_trace_pre), 0)
    loss = tf.reduce_sum(pre * acting(trace(post, tau_post, tf.zeros_like(post[0])), f_trace_post), 0)
    held = tf.constant(number(weight, "{weight}", "weight"), tf.float64)
    changes = _factor(f_w_pre_post, held, "f_w_pre_post") * growth - _factor(f_w_post_pre, held, "f_w_post_pre") * loss
    return STDPWindow(lags, changes.numpy())


def _spike_at(steps: np.ndarray) -> tf.Tensor:
    """(T, n): one spike in each column."""
    return tf.constant((np.arange(steps.max() + 1)[:, None] == steps).astype(float))


def _factor(f_w: float | Callable[[tf.Tensor], Any], weight: tf.Tensor, name: str) -> tf.Tensor:
    return factor(number_or_function(f_w, name), weight, name)
