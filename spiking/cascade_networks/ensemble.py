"""Networks of cascade layers that differ in their weights alone, side by side: one computation for many seeds.

A network is a Keras Sequential of cascade layers and `MaxOverTime`. S networks, batches of B trials: inputs are (S, T, B, I),
states (S, B, N), weights (S, I, N) or (S, I, N, 2). No network sees another, so that each ends as it would alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.layers.cascade_cell import CascadeCell, side_by_side
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.max_over_time import largest_over_time
from rate2spike.spiking.layers.scan import Dynamics, Pathway, scan


class Ensemble:
    """The variables of several networks of the same kind, and what these make of inputs."""

    def __init__(self, networks: Sequence[keras.Model]):
        self.networks = tuple(networks)
        self.cells: list[CascadeCell] = [one.cell for one in networks[0].layers if isinstance(one, CellLayer)]
        values = zip(*(network.trainable_variables for network in networks), strict=True)
        names = [variable.path for variable in networks[0].trainable_variables]
        self.variables = [
            tf.Variable(np.stack([one.numpy() for one in same]), name=name.replace("/", "_"))
            for name, same in zip(names, values, strict=True)
        ]

    @property
    def n_networks(self) -> int:
        """S."""
        return len(self.networks)

    @property
    def n_inputs(self) -> int:
        """I."""
        return self.variables[0].shape[1]

    def logits(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(S, B, classes) of inputs (S, T, B, I), and the spikes of the first layer per unit and trial (S,)."""
        given = iter(self.variables)
        first = x = self._layer(self.cells[0], inputs, given)
        for cell in self.cells[1:]:
            x = self._layer(cell, tf.transpose(x, [1, 0, 2, 3]), given)
        spikes = tf.reduce_mean(tf.reduce_sum(first, 0), [1, 2])
        shape = tf.shape(x)
        flat = tf.reshape(tf.transpose(x, [1, 2, 0, 3]), [shape[1] * shape[2], shape[0], shape[3]])
        return tf.reshape(largest_over_time(flat), [shape[1], shape[2], shape[3]]), spikes

    def hand_out(self) -> tuple[keras.Model, ...]:
        """The networks, with the weights that they have now."""
        for k, network in enumerate(self.networks):
            for variable, stacked in zip(network.trainable_variables, self.variables, strict=True):
                variable.assign(stacked[k])
        return self.networks

    def _layer(self, cell: CascadeCell, x: tf.Tensor, given: Any) -> tf.Tensor:
        """Outputs (T, S, B, N) of inputs (S, T, B, I)."""
        kernel = side_by_side(next(given), cell.n_compartments)
        currents = _products(x, kernel)
        if cell.use_bias:
            bias = side_by_side(next(given), cell.n_compartments)
            assert bias is not None
            currents += bias[:, None]
        # of each network and unit, for all trials
        trained = cell.parameters_of([next(given)[:, None] for _ in cell.trained])
        size = tf.shape(currents)
        rest = tf.ensure_shape(tf.zeros([size[1], size[2], cell.units], x.dtype), [*currents.shape[1:3], cell.units])
        dynamics = Dynamics(cell.advance, (Pathway(None),), trained)
        return scan(dynamics, (currents,), (rest,) * len(cell.state_names))


def _products(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Currents (T, S, B, N) of inputs (S, T, B, I) and weights (S, I, N)."""
    size = tf.shape(x)
    rows = tf.reshape(x, [x.shape[0], -1, x.shape[3]])
    currents = tf.reshape(tf.matmul(rows, kernel), [size[0], size[1], size[2], kernel.shape[2]])
    return tf.transpose(tf.ensure_shape(currents, [*x.shape[:3], kernel.shape[2]]), [1, 0, 2, 3])


def losses_and_hits(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy and share of right answers of every network (S,); logits (S, B, classes), labels (S, B).

    Of equal outputs the first is the answer, so that a silent network answers 0.
    """
    losses = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits), 1)
    hits = tf.equal(tf.argmax(logits, 2, output_type=labels.dtype), labels)
    return losses, tf.reduce_mean(tf.cast(hits, logits.dtype), 1)
