"""Dendritic prediction plasticity: synapses learn to let the dendrite foretell the soma (Urbanczik & Senn 2014)."""

from collections.abc import Callable
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import function_or_none, shown, true_or_false
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.graphs import is_from_here
from rate2spike.spiking.plasticity.learner import Learner, Sums, factor, number_or_function
from rate2spike.spiking.plasticity.recording import Call
from rate2spike.spiking.plasticity.traces import low_pass_weights, time_constant

Rate = Callable[[tf.Tensor], tf.Tensor]
Prediction = Callable[[tf.Tensor, Any], tf.Tensor]


@public()
class DPPLearner(Learner):
    """Dendritic prediction plasticity of the synapse of a layer (Urbanczik & Senn, Neuron 81, 2014, simplified).

    Every compartment foretells the somatic voltage, u*. What the soma does beyond that, its rate or its spikes, is the error
    that its synapses learn from:

    e = f_rate(H) - f_rate(u*),  Δw = f_w(w) Σ e[t] pre[t]

    summed over batch and time; H: the somatic voltage before the spike decision. For LIF somas with leak 1/ρ (ρ = 1 if their
    input decays, else their tau) and rest v_r, the layer foretells (`predicted_soma`)

    VDiffForward: u*_c = (φ_c v_c + v_r/ρ) / (Σ φ + 1/ρ);  VActivationForward: u*_c = ρ φ_c f_da(v_c) + v_r.

    The sum goes over the compartments of one neuron, so that a step does not depend on batch and width. The published code
    also sums over those.

    Parameters
    ----------
    syn : synapse of r2s.dendrites
        Whose weight learns: dense, masked or a convolution. Its input is the presynaptic signal, not filtered.
    dsn : layer of neurons of r2s.dendrites
        Which the synapse feeds, of any soma_shape; it records the voltages before spikes from now on.
    f_rate : function of a voltage, element by element
        The firing rate. The soma's own stochastic firing acts on H less the threshold: let theta be v_threshold here.
    f_w : float or function of the weight, default 1.0
        How the weight scales the change. A function is called once per `step`, with the weight as Keras has it: dense
        (inputs, outputs).
    f_u_pred : function of (v_dend, dsn), or None, default None
        Gives u* (..., *soma_shape, n_input) from the voltages (..., *soma_shape, n_compartments); None: the layer's own,
        which only forward layers with segregated dendrites and LIF somas have.
    step_mode : {"s", "m"}, default "s"
        That of the calls of synapse and layer: steps or sequences.
    specified_multi_imp : bool, default True
        Learn from a sequence at once. False: step by step, which is slower and gives the same.
    tau_psp : float or None, default None
        Learn from the postsynaptic potential, the leaky sum of pre with this time constant in steps (the compartment's tau),
        as in the paper; None: from pre itself, as published.
    from_spikes : bool, default False
        The error is the spike less f_rate(u*), as in the paper.
    f_weighting : function of u*, element by element, or None, default None
        A factor of the error, the paper's h(u*).
    tau_induction : float or None, default None
        Time constant in steps of a low-pass filter of the change over time, as in the paper; what it holds back comes with
        later calls, until `reset`. None: no filter.
    mean : bool, default False
        Divide the change by the number of steps times batch.

    Raises
    ------
    InputError
        For layers that are none of the kit or that foretell nothing, values out of range, and calls in another step mode.

    Examples
    --------
    >>> import numpy as np, tensorflow as tf, rate2spike as r2s
    >>> synapse = r2s.dendrites.LinearIdentitySynapse(20, 6, step_mode="m", seed=1)
    >>> dendrite = r2s.dendrites.SegregatedDend(
    ...     r2s.dendrites.PassiveDendCompartment(tau=2.0), r2s.dendrites.SegregatedDendWiring(2)
    ... )
    >>> layer = r2s.dendrites.VDiffForwardDendNeuron(dendrite, r2s.dendrites.LIFSoma(tau=2.0), [3], step_mode="m")
    >>> learner = r2s.plasticity.DPPLearner(synapse, layer, tf.nn.sigmoid, step_mode="m")
    >>> spikes = layer(synapse(np.ones((10, 4, 20), "float32")))
    >>> learner.step().shape
    TensorShape([20, 6])
    """

    shown = ("f_rate", "f_w", "tau_psp", "tau_induction")

    def __init__(
        self,
        syn: Any,
        dsn: Any,
        f_rate: Rate,
        f_w: float | Callable[[tf.Tensor], Any] = 1.0,
        f_u_pred: Prediction | None = None,
        step_mode: str = "s",
        specified_multi_imp: bool = True,
        *,
        tau_psp: float | None = None,
        from_spikes: bool = False,
        f_weighting: Rate | None = None,
        tau_induction: float | None = None,
        mean: bool = False,
    ):
        if not callable(f_rate):
            raise InputError(f"{{f_rate}} must be a function, got {shown(f_rate)}", "f_rate")
        if getattr(f_rate, "spiking", False):  # one of the kit's stochastic firings
            raise InputError("{f_rate} must be a rate, got one that draws spikes: give its rate_function", "f_rate")
        self.f_rate = f_rate
        self.f_w = number_or_function(f_w, "f_w")
        self.f_u_pred = function_or_none(f_u_pred, "f_u_pred")
        self.tau_psp = None if tau_psp is None else time_constant(tau_psp, "tau_psp")
        self.from_spikes = true_or_false(from_spikes, "{from_spikes}", "from_spikes")
        self.f_weighting = function_or_none(f_weighting, "f_weighting")
        self.tau_induction = None if tau_induction is None else time_constant(tau_induction, "tau_induction")
        super().__init__(syn, dsn, step_mode, specified_multi_imp, mean)
        if f_u_pred is None:  # a layer that cannot do that says so
            dsn.predicted_soma(tf.zeros((1, *dsn.soma_shape, dsn.n_input)))

    def _watch(self) -> None:
        """Let the layers tell of their calls, and the layer record its voltages."""
        super()._watch()
        self.dsn.store_v_dend_pre_spike = self.dsn.store_v_soma_pre_spike = True

    def _answer(self, spikes: tf.Tensor) -> tf.Tensor:
        """The error of every prediction, (..., *soma_shape, n_input): what is recorded in place of voltages."""
        v_dend, v_soma = map(tf.stop_gradient, (self.dsn.v_dend_pre_spike, self.dsn.v_soma_pre_spike))
        predicted = self.dsn.predicted_soma(v_dend) if self.f_u_pred is None else self.f_u_pred(v_dend, self.dsn)
        wanted = (*v_soma.shape, self.dsn.n_input)
        if not tf.TensorShape(wanted).is_compatible_with(predicted.shape):
            raise InputError(
                f"{{f_u_pred}} must give predictions of shape {wanted}, got {tuple(predicted.shape)}", "f_u_pred"
            )
        did = spikes if self.from_spikes else self.f_rate(v_soma)
        error = did[..., None] - self.f_rate(predicted)
        return error if self.f_weighting is None else self.f_weighting(predicted) * error

    def _sums(self, call: Call) -> Sums:
        pre = call.pre if self.tau_psp is None else self._trace("pre", call.pre, self.tau_psp)
        if self.tau_induction is None:
            return (self._product(pre, call.post, call.shape),)
        return (self._low_passed(pre, call.post, call.shape),)

    def _change(self, sums: Sums, weight: tf.Tensor) -> tf.Tensor:
        return factor(self.f_w, weight, "f_w") * sums[0]

    def _low_passed(self, pre: tf.Tensor, post: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
        """Σ over time of the filtered change, without making it for each step."""
        assert self.tau_induction is not None
        into_sum, before_into_sum, into_last, before_into_last = low_pass_weights(
            tf.shape(pre)[0], self.tau_induction, pre.dtype
        )
        per_step = [-1] + [1] * (post.shape.rank - 1)
        total = self._product(pre, post * tf.reshape(into_sum, per_step), shape)
        last = self._product(pre, post * tf.reshape(into_last, per_step), shape)
        before = self._traces.get("induction")
        if before is not None and is_from_here(before):
            before = tf.cast(before, pre.dtype)
            total, last = total + before_into_sum * before, last + before_into_last * before
        self._traces["induction"] = last
        return total
