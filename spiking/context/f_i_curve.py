"""How an apical drive changes what a CLIF unit answers to a somatic one: gain (multiplicative) or offset (additive)."""

from collections.abc import Sequence

import numpy as np

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.clif import CLIF

PUBLISHED_STEPS, PUBLISHED_THRESHOLD, PUBLISHED_TAU = 500, 0.05, 20.0


def spike_counts(
    interaction: str,
    soma_drives: Sequence[float],
    apical_drives: Sequence[float],
    *,
    n_steps: int = PUBLISHED_STEPS,
    threshold: float = PUBLISHED_THRESHOLD,
    tau_soma_ms: float = PUBLISHED_TAU,
    tau_apical_ms: float = PUBLISHED_TAU,
    dt_ms: float = 1.0,
) -> np.ndarray:
    """Spikes (n_apical, n_soma) of one unit in n_steps under constant drives, which are its currents; no unit of their own.

    Raises InputError for an unknown interaction.
    """
    layer = CLIF(
        1,
        interaction=interaction,
        tau_soma_ms=tau_soma_ms,
        tau_apical_ms=tau_apical_ms,
        dt_ms=dt_ms,
        threshold=threshold,
        use_bias=False,
        recurrent_soma=False,
        recurrent_apical=False,
        seed=0,
    )
    apical, soma = np.meshgrid(apical_drives, soma_drives, indexing="ij")

    def constant(drive: np.ndarray) -> tf.Tensor:
        return tf.tile(tf.constant(drive.reshape(-1, 1, 1), tf.float32), [1, n_steps, 1])

    inputs = (constant(soma), constant(apical))
    layer.build([x.shape for x in inputs])
    for way in (layer.cell.soma, layer.cell.apical):
        way.kernel.assign([[1.0]])
    return tf.reduce_sum(layer(inputs), [1, 2]).numpy().astype(int).reshape(apical.shape)
