"""What the units of cascades share: synaptic filters, a soma with spike and late reset, synchronous steps.

All states of a step are made of those of the step before, so that every arrow of the model costs one step (Harkin, Shen et
al. 2021). Time constants and gains are numbers, or variables (N,) where they are trained.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from rate2spike.checks import NOT_NEGATIVE, number
from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.plausible import warn_caller
from rate2spike.spiking.layers.cell import Cell, switch
from rate2spike.spiking.layers.choices import POSITIVE_32, check_surrogate
from rate2spike.spiking.layers.dendritic_stages import Stage, checked_taus, discount
from rate2spike.spiking.layers.feedback_loop import FeedbackLoop, largest_stable_gain
from rate2spike.spiking.layers.scan import Pathway
from rate2spike.spiking.layers.surrogates import spikes

Values = dict[str, Any]  # decays `tau_*`, gains: numbers or tensors (N,)


class CascadeCell(Cell):
    """A unit of filters. A subclass gives `state_names` and `advance`, and calls `soma` there.

    taus_ms, stages: its filters and nonlinear stages, by the names of the options.
    """

    n_compartments = 1  # that have synapses of their own: the dendrite, then the soma
    gains: dict[str, float]  # of the stages, and of what a spike sends back
    taus_ms: dict[str, float]

    def __init__(
        self,
        units: int,
        dt_ms: float,
        *,
        taus_ms: dict[str, float],
        gains: dict[str, float],
        initial_scale: float,
        normalize: bool,
        trainable_tau: bool = False,
        trainable_gain: bool = False,
        use_bias: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(units, dt_ms, use_bias, seed, **kwargs)
        self.taus_ms, self.gains = checked_taus(taus_ms), gains
        self.initial_scale = number(initial_scale, "{initial_scale}", "initial_scale", POSITIVE_32)
        self.normalize = switch(normalize, "normalize")
        self.trainable_tau = switch(trainable_tau, "trainable_tau")
        self.trainable_gain = switch(trainable_gain, "trainable_gain")

    @property
    def initial_sd_factor(self) -> float:
        """SD of the initial weights times the root of the number of inputs: scale (1 - ρ), whatever the input's filters."""
        return self.initial_scale * (1 - discount(self.taus_ms["tau_mem_ms"], self.dt_ms))

    def build(self, input_shape: Any) -> None:
        """Make the weights; input_shape (..., I). The kernel is (I, N), or (I, N, 2): to the dendrite, to the soma."""
        n_inputs = input_shape[-1]
        ends = (self.units, self.n_compartments) if self.n_compartments > 1 else (self.units,)
        self.kernel = self.add_values("kernel", self.drawn_weights((n_inputs, *ends)), trainable=True)
        self.bias = self.add_values("bias", np.zeros(ends), trainable=True) if self.use_bias else None
        self.trained: dict[str, tf.Variable] = {}
        if self.trainable_tau:  # its logarithm, which may be any number
            logs = {name: np.full(self.units, np.log(tau)) for name, tau in self.taus_ms.items()}
            self.trained |= {name: self.add_values(f"log_{name}", log, trainable=True) for name, log in logs.items()}
        if self.trainable_gain:
            of_units = {name: np.full(self.units, gain) for name, gain in self.gains.items()}
            self.trained |= {name: self.add_values(name, gain, trainable=True) for name, gain in of_units.items()}

    def drawn_weights(self, shape: tuple[int, ...]) -> np.ndarray:
        """Initial weights."""
        return self.draws().normal(0.0, self.initial_sd_factor / np.sqrt(shape[0]), shape)

    def pathways(self) -> tuple[Pathway, ...]:
        """One way in; its currents are those to the dendrites, then those to the somata."""
        kernel, bias = (None if one is None else tf.convert_to_tensor(one) for one in (self.kernel, self.bias))
        return (Pathway(side_by_side(kernel, self.n_compartments), side_by_side(bias, self.n_compartments)),)

    def parameters(self) -> tuple[tf.Tensor, ...]:
        """What is trained of decays and gains."""
        return self.parameters_of(map(tf.convert_to_tensor, self.trained.values()))

    def parameters_of(self, trained: Iterable[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """The same of other values of the trained variables."""
        return tuple(
            tf.exp(-self.dt_ms / tf.exp(value)) if name in self.taus_ms else value
            for name, value in zip(self.trained, trained, strict=True)
        )

    def values(self, trained: tuple[tf.Tensor, ...]) -> Values:
        """Decays and gains by name: those that are trained, and the fixed ones."""
        fixed = {name: discount(tau, self.dt_ms) for name, tau in self.taus_ms.items()} | self.gains
        return fixed | dict(zip(self.trained, trained, strict=True))

    def filtered(self, state: tf.Tensor, x: tf.Tensor, decay: Any) -> tf.Tensor:
        """The next linear state."""
        return decay * state + ((1 - decay) * x if self.normalize else x)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        names = ("initial_scale", "normalize", "trainable_tau", "trainable_gain")
        return {**super().get_config(), **self.taus_ms, **self.gains, **{name: getattr(self, name) for name in names}}


class SpikingCascadeCell(CascadeCell):
    """A unit with a soma that spikes. Its states end in `v`, `z`, `sent`; the last one, the output, is z a step later."""

    def __init__(
        self,
        units: int,
        dt_ms: float,
        *,
        threshold: float,
        reset_strength: float,
        refractory_ms: float,
        surrogate: str,
        surrogate_scale: float,
        **kwargs: Any,
    ):
        super().__init__(units, dt_ms, **kwargs)
        self.threshold = number(threshold, "{threshold}", "threshold", POSITIVE_32)
        self.reset_strength = number(reset_strength, "{reset_strength}", "reset_strength", NOT_NEGATIVE)
        self.refractory_ms = number(refractory_ms, "{refractory_ms}", "refractory_ms", NOT_NEGATIVE)
        self.surrogate, self.surrogate_scale = check_surrogate(surrogate, surrogate_scale), surrogate_scale
        if self.refractory_steps:
            self.state_names = ("refractory", *type(self).state_names)

    @property
    def refractory_steps(self) -> int:
        """Steps after a spike in which there is none."""
        return round(self.refractory_ms / self.dt_ms)

    def soma(self, states: tuple[tf.Tensor, ...], drive: tf.Tensor, values: Values) -> tuple[tf.Tensor, ...]:
        """The next v, z and sent of the states; drive: what synapses and dendrite give.

        A spike is seen a step after the potential crossed, and subtracted from it a step later still, without a gradient.
        """
        *_, v, z, _ = states
        decay = values["tau_mem_ms"]
        new_v = self.filtered(v, drive, decay) - self.reset_strength * tf.stop_gradient(z)
        new_z = spikes(v - self.threshold, self.surrogate, self.surrogate_scale)
        return new_v, new_z, z

    def advance(
        self, currents: tuple[tf.Tensor, ...], states: tuple[tf.Tensor, ...], *trained: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """See the class."""
        if not self.refractory_steps:
            return self.step(currents[0], states, self.values(trained))
        left, *others = states  # steps without spikes that are still to come
        *new, v, z, sent = self.step(currents[0], tuple(others), self.values(trained))
        z *= tf.cast(left <= 0, z.dtype)
        left = tf.maximum(left - 1, 0) + tf.stop_gradient(z) * self.refractory_steps
        return left, *new, v, z, sent

    def step(self, current: tf.Tensor, states: tuple[tf.Tensor, ...], values: Values) -> tuple[tf.Tensor, ...]:
        """The next states without `refractory`."""
        raise NotImplementedError

    def warn_if_unstable(self, stage: Stage, tau_name: str) -> None:
        """Warn if a unit, once excited, can keep itself firing. tau_name: of the filter that spikes run back into."""
        if not self.gains["backprop_gain"]:
            return
        decay, soma_decay = (discount(self.taus_ms[name], self.dt_ms) for name in (tau_name, "tau_mem_ms"))
        entering = [1 - one if self.normalize else 1.0 for one in (decay, soma_decay)]
        loop = FeedbackLoop(
            *(stage.gain, stage.threshold, stage.slope),
            *(decay, entering[0], soma_decay, entering[1]),
            *(self.threshold, self.reset_strength, self.refractory_steps),
        )
        largest = largest_stable_gain(loop)
        if self.gains["backprop_gain"] > largest:
            warn_caller(
                f"the loop from soma to dendrite is unstable: with {{backprop_gain}} {self.gains['backprop_gain']:g} a unit "
                f"that has once been excited can keep itself firing; the largest stable one is {largest:.4g}",
                "backprop_gain",
            )

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the cell anew."""
        names = ("threshold", "reset_strength", "refractory_ms", "surrogate", "surrogate_scale")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def side_by_side(weights: tf.Tensor | None, n_compartments: int) -> tf.Tensor | None:
    """(..., N, 2) as (..., 2 N): of the dendrites, then of the somata."""
    if weights is None or n_compartments == 1:
        return weights
    return tf.concat(tf.unstack(weights, axis=-1), -1)
