"""Spike-timing-dependent plasticity with traces, of pairs and of presynaptic spikes before postsynaptic ones alone."""

from collections.abc import Callable
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import function_or_none
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.plasticity.learner import Learner, Sums, factor, number_or_function
from rate2spike.spiking.plasticity.recording import Call
from rate2spike.spiking.plasticity.traces import time_constant

Factor = float | Callable[[tf.Tensor], Any]
OfTrace = Callable[[tf.Tensor], tf.Tensor] | None


@public()
class STDPLearner(Learner):
    """Spike-timing-dependent plasticity of the synapse of a layer, by traces of all spikes.

    A presynaptic spike leaves a trace x, a postsynaptic one a trace y. The weight of a synapse grows with x at every
    postsynaptic spike and shrinks with y at every presynaptic one (Morrison, Diesmann & Gerstner, Biol. Cybern. 98, 2008):

    x[t] = (1 - 1/tau_pre) x[t-1] + pre[t],  y[t] = (1 - 1/tau_post) y[t-1] + post[t]

    Δw = f_w_pre_post(w) Σ post[t] f_trace_pre(x[t]) - f_w_post_pre(w) Σ pre[t] f_trace_post(y[t])

    summed over batch and time, and for convolutions over positions. Spikes of one step count in both terms.

    Parameters
    ----------
    syn : synapse of r2s.dendrites
        Whose weight learns: dense, masked or a convolution. Its input is the presynaptic signal, not filtered.
    dsn : layer of neurons of r2s.dendrites
        Which the synapse feeds, of any soma_shape. Its spikes are the postsynaptic signal, of every input of a soma.
    tau_pre, tau_post : float
        Time constants of the traces in steps, from 1 (the spikes of the step alone).
    f_w_pre_post, f_w_post_pre : float or function of the weight, default 1.0
        How the weight scales growth and loss. Functions are called once per `step`, with the weight as Keras has it: dense
        (inputs, outputs).
    f_trace_pre, f_trace_post : function of a trace, element by element, or None, default None
        What of a trace acts; None: the trace itself.
    step_mode : {"s", "m"}, default "s"
        That of the calls of synapse and layer: steps or sequences.
    specified_multi_imp : bool, default True
        Learn from a sequence at once. False: step by step, which is slower and gives the same.
    mean : bool, default False
        Divide the change by the number of steps times batch.

    Raises
    ------
    InputError
        For layers that are none of the kit, values out of range, and calls in another step mode.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> synapse = r2s.dendrites.LinearIdentitySynapse(20, 6, step_mode="m", seed=1)
    >>> dendrite = r2s.dendrites.SegregatedDend(
    ...     r2s.dendrites.PassiveDendCompartment(tau=2.0), r2s.dendrites.SegregatedDendWiring(2)
    ... )
    >>> layer = r2s.dendrites.VDiffForwardDendNeuron(dendrite, r2s.dendrites.LIFSoma(tau=2.0), [3], step_mode="m")
    >>> learner = r2s.plasticity.STDPLearner(synapse, layer, tau_pre=2.0, tau_post=4.0, step_mode="m")
    >>> spikes = layer(synapse(np.ones((10, 4, 20), "float32")))
    >>> learner.step().shape
    TensorShape([20, 6])
    """

    shown = ("tau_pre", "tau_post", "f_w_pre_post", "f_w_post_pre")

    def __init__(
        self,
        syn: Any,
        dsn: Any,
        tau_pre: float,
        tau_post: float,
        f_w_pre_post: Factor = 1.0,
        f_w_post_pre: Factor = 1.0,
        f_trace_pre: OfTrace = None,
        f_trace_post: OfTrace = None,
        step_mode: str = "s",
        specified_multi_imp: bool = True,
        mean: bool = False,
    ):
        self.tau_pre = time_constant(tau_pre, "tau_pre")
        self.tau_post = time_constant(tau_post, "tau_post")
        self.f_w_pre_post = number_or_function(f_w_pre_post, "f_w_pre_post")
        self.f_w_post_pre = number_or_function(f_w_post_pre, "f_w_post_pre")
        self.f_trace_pre = function_or_none(f_trace_pre, "f_trace_pre")
        self.f_trace_post = function_or_none(f_trace_post, "f_trace_post")
        super().__init__(syn, dsn, step_mode, specified_multi_imp, mean)

    @property
    def trace_post(self) -> tf.Tensor | None:
        """The postsynaptic trace (B, *soma_shape) as the last `step` left it; None at first."""
        return self._traces.get("post")

    def _sums(self, call: Call) -> Sums:
        x = acting(self._trace("pre", call.pre, self.tau_pre), self.f_trace_pre)
        y = acting(self._trace("post", call.post, self.tau_post), self.f_trace_post)
        growth = self._product(x, self._of_each_input(call.post), call.shape)
        return growth, self._product(call.pre, self._of_each_input(y), call.shape)

    def _change(self, sums: Sums, weight: tf.Tensor) -> tf.Tensor:
        growth, loss = sums
        grown = factor(self.f_w_pre_post, weight, "f_w_pre_post") * growth
        return grown - factor(self.f_w_post_pre, weight, "f_w_post_pre") * loss


@public()
class SemiSTDPLearner(Learner):
    """The growing half of spike-timing-dependent plasticity, with the presynaptic trace alone.

    x[t] = (1 - 1/tau_pre) x[t-1] + pre[t],  Δw = f_w_pre_post(w) Σ post[t] f_trace_pre(x[t])

    summed over batch and time. A trace function that is negative for small traces, such as x - 0.2, lets weights shrink whose
    inputs were silent.

    Parameters
    ----------
    syn, dsn : synapse, layer of neurons
        As of `STDPLearner`.
    tau_pre : float
        Time constant of the trace in steps, from 1.
    f_w_pre_post : float or function of the weight, default 1.0
        How the weight scales the change, as of `STDPLearner`.
    f_trace_pre : function of the trace, element by element, or None, default None
        What of the trace acts; None: the trace itself.
    step_mode : {"s", "m"}, default "s"
        That of the calls of synapse and layer: steps or sequences.
    specified_multi_imp : bool, default True
        Learn from a sequence at once. False: step by step, which is slower and gives the same.
    mean : bool, default False
        Divide the change by the number of steps times batch.

    Raises
    ------
    InputError
        As `STDPLearner`.

    Examples
    --------
    >>> import numpy as np, rate2spike as r2s
    >>> synapse = r2s.dendrites.LinearIdentitySynapse(20, 3, step_mode="m", seed=1)
    >>> dendrite = r2s.dendrites.SegregatedDend(
    ...     r2s.dendrites.PassiveDendCompartment(tau=2.0), r2s.dendrites.SegregatedDendWiring(1)
    ... )
    >>> layer = r2s.dendrites.VDiffForwardDendNeuron(dendrite, r2s.dendrites.LIFSoma(tau=2.0), [3], step_mode="m")
    >>> learner = r2s.plasticity.SemiSTDPLearner(synapse, layer, tau_pre=2.0, f_w_pre_post=lambda w: 0.5 - w, step_mode="m")
    >>> spikes = layer(synapse(np.ones((10, 4, 20), "float32")))
    >>> learner.step().shape
    TensorShape([20, 3])
    """

    shown = ("tau_pre", "f_w_pre_post")

    def __init__(
        self,
        syn: Any,
        dsn: Any,
        tau_pre: float,
        f_w_pre_post: Factor = 1.0,
        f_trace_pre: OfTrace = None,
        step_mode: str = "s",
        specified_multi_imp: bool = True,
        mean: bool = False,
    ):
        self.tau_pre = time_constant(tau_pre, "tau_pre")
        self.f_w_pre_post = number_or_function(f_w_pre_post, "f_w_pre_post")
        self.f_trace_pre = function_or_none(f_trace_pre, "f_trace_pre")
        super().__init__(syn, dsn, step_mode, specified_multi_imp, mean)

    def _sums(self, call: Call) -> Sums:
        x = acting(self._trace("pre", call.pre, self.tau_pre), self.f_trace_pre)
        return (self._product(x, self._of_each_input(call.post), call.shape),)

    def _change(self, sums: Sums, weight: tf.Tensor) -> tf.Tensor:
        return factor(self.f_w_pre_post, weight, "f_w_pre_post") * sums[0]


def acting(trace: tf.Tensor, f_trace: OfTrace) -> tf.Tensor:
    """What of a trace acts on weights."""
    return trace if f_trace is None else tf.cast(f_trace(trace), trace.dtype)
