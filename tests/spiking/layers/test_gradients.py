"""Gradients of `scan` in float64 against automatic differentiation of a plain loop over the cell, and finite differences."""

import numpy as np
import pytest
import tensorflow as tf

import rate2spike as r2s
from rate2spike.errors import InputError
from rate2spike.spiking.layers.cell import Cell
from rate2spike.spiking.layers.cell_layer import CellLayer
from rate2spike.spiking.layers.spiking_options import SpikingOptions

N_UNITS, N_BRANCHES = 5, 2


class BranchedCell(Cell):
    """Units with two branches each, trained inside their step: time constants, coupling, and what a spike does to a branch.

    Two phases: everything is made of what the step before has left, so that an arrow takes a step.
    """

    state_names = ("branch", "v", "z")

    def __init__(self, units, smooth=False, **kwargs):
        super().__init__(units, 1.0, True, **{"seed": 1, **kwargs})
        self.smooth = smooth

    @property
    def state_size(self):
        return [(self.units, N_BRANCHES), self.units, self.units]

    def build(self, input_shape):
        rng = self.draws()
        tau = np.full(self.units, 10.0)
        self.weights_in = self.add_pathway(rng, "", input_shape[-1], tau, 300.0, 300.0)
        self.to_branches = self.add_values("to_branches", rng.normal(size=(N_UNITS, N_BRANCHES)), trainable=True)
        self.tau_ms = self.add_values("tau", rng.uniform(3, 30, (self.units, N_BRANCHES)), trainable=True)
        self.coupling = self.add_values("coupling", np.array(0.4), trainable=True)
        self.back = self.add_values("back", np.array([0.5, -0.3]), trainable=True)
        self.unused = self.add_values("unused", np.ones(2), trainable=True)

    def pathways(self):
        return (self.weights_in.pathway(),)

    def parameters(self):
        decay = tf.exp(-self.dt_ms / tf.convert_to_tensor(self.tau_ms))
        return decay, *map(tf.convert_to_tensor, (self.coupling, self.back, self.to_branches, self.unused))

    def advance(self, currents, states, decay, coupling, back, to_branches, unused):
        (i,), (branch, v, z) = currents, states
        spike = tf.tanh if self.smooth else SpikingOptions(0.2).spikes
        new_branch = decay * branch + (1 - decay) * i[..., None] * to_branches + back * z[..., None]
        return new_branch, 0.9 * v + coupling * tf.reduce_sum(tf.tanh(branch), -1) - 0.2 * z, spike(v - 0.2)


class Branched(CellLayer):
    cell_class = BranchedCell


KINDS = {
    "LIF": (r2s.LIF, {"threshold": 0.1}),
    "ALIF": (r2s.ALIF, {"threshold": 0.1}),
    "CLIF": (r2s.CLIF, {"threshold": 0.05, "interaction": "tanh_mult"}),
    "LI": (r2s.LI, {}),
    "branched": (Branched, {}),
}


def inputs_of(kind, n_steps):
    rng = np.random.default_rng(n_steps)
    sequences = [rng.normal(size=(3, n_steps, width)) for width in ((4, 3) if kind == "CLIF" else (4,))]
    return tuple(map(tf.constant, sequences))


def by_layer(layer, inputs):
    return layer(inputs if len(inputs) > 1 else inputs[0])


def step_by_step(layer, inputs):
    """A loop over the cell, as anybody would write it."""
    states, outputs = layer.cell.get_initial_state(inputs[0].shape[0]), []
    for t in range(inputs[0].shape[1]):
        x = tuple(sequence[:, t] for sequence in inputs)
        output, states = layer.cell(x if len(x) > 1 else x[0], states)
        outputs.append(output)
    return tf.stack(outputs, 1)


def loss_of(outputs):
    """One weight per step, unit and trial."""
    ones = tf.ones_like(outputs)
    return tf.reduce_sum(outputs * tf.cos(sum(k * tf.cumsum(ones, axis) for axis, k in enumerate((1.0, 2.0, 3.0)))))


def slopes_of(run, layer, inputs):
    """Outputs, and gradients of a loss with respect to all weights and inputs."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = run(layer, inputs)
        loss = loss_of(outputs)
    wanted = [layer.trainable_variables, list(inputs)]
    slopes = zip(tf.nest.flatten(wanted), tf.nest.flatten(tape.gradient(loss, wanted)), strict=True)
    return outputs, [tf.zeros(of.shape, tf.float64) if slope is None else slope for of, slope in slopes]


def layer_of(kind, **options):
    made, own = KINDS[kind]
    return made(N_UNITS, dtype="float64", seed=1, **own, **options)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize(("n_steps", "in_a_graph"), [(1, False), (10, True), (27, True)])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_those_of_a_plain_loop(kind, n_steps, recompute, in_a_graph):
    layer, inputs = layer_of(kind, recompute=recompute), inputs_of(kind, n_steps)
    by_layer(layer, inputs)
    scanned = tf.function(slopes_of) if in_a_graph else slopes_of
    (outputs, found), (wanted_outputs, wanted) = (
        scanned(by_layer, layer, inputs),
        slopes_of(step_by_step, layer, inputs),
    )
    if n_steps == 27:
        assert kind == "LI" or 0 < wanted_outputs.numpy().mean() < 0.9  # there are spikes to get wrong
        moved = [
            variable.path for variable, slope in zip(layer.trainable_variables, wanted, strict=False) if np.any(slope)
        ]
        assert len(moved) == len(layer.trainable_variables) - (kind == "branched")  # but for the one that is not used
    np.testing.assert_allclose(outputs, wanted_outputs, rtol=1e-12, atol=1e-12)
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_of_a_smooth_cell_equal_finite_differences(recompute):
    layer, inputs = layer_of("branched", smooth=True, recompute=recompute), inputs_of("branched", 23)
    by_layer(layer, inputs)
    _, slopes = slopes_of(by_layer, layer, inputs)
    rng, step = np.random.default_rng(0), 1e-5
    for variable, slope in zip(layer.trainable_variables, slopes, strict=False):
        start, direction = variable.numpy(), rng.normal(size=variable.shape)
        losses = []
        for sign in (1, -1):
            variable.assign(start + sign * step * direction)
            losses.append(float(loss_of(by_layer(layer, inputs))))
        variable.assign(start)
        difference = (losses[0] - losses[1]) / (2 * step)
        assert float(tf.reduce_sum(slope * direction)) == pytest.approx(difference, rel=1e-6, abs=1e-8), variable.path


def test_what_is_no_input_gradient_is_none():
    layer, inputs = layer_of("branched", input_gradient=False), inputs_of("branched", 12)
    by_layer(layer, inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = loss_of(by_layer(layer, inputs))
    weights, (x,) = tape.gradient(loss, [layer.trainable_variables, list(inputs)])
    assert x is None and all(slope is not None for slope in weights)


def test_a_cell_with_several_compartments_trains_and_shows_its_states():
    layer, inputs = layer_of("branched"), inputs_of("branched", 15)
    states = layer.states(inputs[0])
    assert states.branch.shape == (16, 3, N_UNITS, N_BRANCHES) and states.z.shape == (16, 3, N_UNITS)
    np.testing.assert_array_equal(states.z[1:].transpose(1, 0, 2), by_layer(layer, inputs))


def test_constants_of_a_graph_are_inputs_too():
    layer, x = layer_of("LIF"), inputs_of("LIF", 5)[0]
    np.testing.assert_array_equal(tf.function(lambda: layer(x))(), layer(x))


class PlainCell(Cell):
    """One state that is the output, by a function that a test gives."""

    state_names = ("z",)

    def __init__(self, units, step, **kwargs):
        super().__init__(units, 1.0, False, **{"seed": 1, **kwargs})
        self.step = step

    def build(self, input_shape):
        self.weights_in = self.add_pathway(self.draws(), "", input_shape[-1], np.full(self.units, 10.0), 300.0)
        self.gain = self.add_values("gain", np.array(0.5), trainable=True)

    def pathways(self):
        return (self.weights_in.pathway(),)

    def advance(self, currents, states):
        return (self.step(self, currents[0], states[0]),)


class Plain(CellLayer):
    cell_class = PlainCell


@pytest.mark.parametrize("n_steps", [7, 10, 13])
def test_a_step_that_is_infinite_without_input_has_finite_gradients(n_steps):
    layer = Plain(3, step=lambda _cell, i, z: 0.5 * z + tf.math.log(tf.square(i)))
    x = tf.constant(np.random.default_rng(1).uniform(1, 2, (2, n_steps, 4)), tf.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x))
    (slope,) = tape.gradient(loss, layer.trainable_variables[:1])
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0


def test_a_trainable_variable_that_a_step_reads_by_itself_is_refused():
    layer = Plain(3, step=lambda cell, i, z: cell.gain * z + i)
    x = tf.ones((2, 5, 4))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x))
    with pytest.raises(InputError, match=r"step reads .*gain.*return it from the cell's `parameters`"):
        tape.gradient(loss, layer.trainable_variables)
