"""The networks: N spiking units and a leaky readout of one unit."""

from typing import Any

from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.plausible import not_typed_here
from rate2spike.spiking.context.config import READOUT_TAU_STEPS, ContextConfig
from rate2spike.spiking.layers.alif import ALIF
from rate2spike.spiking.layers.clif import CLIF
from rate2spike.spiking.layers.li import LI
from rate2spike.spiking.layers.lif import LIF

THRESHOLD_INCREMENT = 1.3
READOUT_RATE_PER_1000_STEPS = 1.0


def build(config: ContextConfig, n_inputs: int) -> keras.Model:
    """Model from (frames (B, T, I), context (B, T, C)) to (readout (B, T, 1), spikes (B, T, N))."""
    frames = keras.Input((None, n_inputs), name="frames", dtype="float32")
    context = keras.Input((None, config.data.n_classes), name="context", dtype="float32")
    with not_typed_here():  # the settings have warned, by the names of the flags
        hidden = hidden_layer(config)
    spikes = hidden(
        [frames, context] if is_clif(config) else keras.layers.Concatenate(dtype="float32")([frames, context])
    )
    readout = LI(
        1,
        tau_ms=READOUT_TAU_STEPS * config.step_ms,
        dt_ms=config.step_ms,
        input_rate_hz=READOUT_RATE_PER_1000_STEPS / config.step_ms,
        seed=config.seed,
        name="readout",
    )(spikes)
    return keras.Model([frames, context], [readout, spikes], name=config.model_type)


def is_clif(config: ContextConfig) -> bool:
    """Whether the units have an apical compartment."""
    return config.model_type in ("clif", "add_clif")


def hidden_layer(config: ContextConfig) -> keras.layers.Layer:
    """The spiking layer. A rate per 1000 steps is a rate in Hz over the step in ms."""
    data, step_ms = config.data, config.step_ms
    soma_hz, apical_hz = data.rate_soma_per_1000_steps / step_ms, data.rate_apical_per_1000_steps / step_ms
    common: dict[str, Any] = {
        "units": config.n_units,
        "dt_ms": step_ms,
        "threshold": config.threshold,
        "surrogate": config.surrogate,
        "surrogate_scale": config.surrogate_scale,
        "reset": config.reset,
        "seed": config.seed,
        "name": "hidden",
        "recompute": config.recompute,
        "input_gradient": False,
    }
    if is_clif(config):
        return CLIF(
            **common,
            tau_soma_ms=config.actual_tau_soma_ms,
            tau_apical_ms=config.tau_apical_ms,
            rate_soma_hz=soma_hz,
            rate_apical_hz=apical_hz,
            recurrent_apical=config.recurrent_apical,
            interaction=config.interaction or ("add" if config.model_type == "add_clif" else "relu_mult"),
        )
    common |= {"tau_ms": config.actual_tau_soma_ms, "input_rate_hz": soma_hz + apical_hz}
    if config.model_type == "lif":
        return LIF(**common)
    return ALIF(**common, tau_adaptation_ms=config.tau_apical_ms, threshold_increment=THRESHOLD_INCREMENT)
