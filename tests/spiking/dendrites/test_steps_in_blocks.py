"""Steps in blocks against the same steps unrolled: values, and all gradients."""

import numpy as np
import pytest
import tensorflow as tf

from rate2spike.spiking.dendrites.steps_in_blocks import STEPS_PER_BLOCK, run_steps, unrolled

LENGTHS = (1, STEPS_PER_BLOCK, STEPS_PER_BLOCK + 1, 3 * STEPS_PER_BLOCK, 5 * STEPS_PER_BLOCK + 3)


class Cell:
    """Two inputs, two states, outputs by name; two variables, one of which only a state knows, and one that is unused."""

    def __init__(self):
        rng = np.random.default_rng(5)
        self.w = tf.Variable(rng.normal(size=(3, 3)), dtype="float64")
        self.b = tf.Variable(rng.normal(size=3), dtype="float64")
        self.idle = tf.Variable(1.0, dtype="float64")

    def step(self, inputs, state):
        x, u = inputs
        v, s = state
        v = tf.tanh(0.5 * v + x @ self.w + s * u)
        s = 0.9 * s + self.b * v
        return {"v": v, "both": (v + s, x)}, (v, s)


def everything(run, n_steps, compiled=False):
    cell, rng = Cell(), np.random.default_rng(n_steps)
    x, u = tf.constant(rng.normal(size=(n_steps, 2, 3))), tf.constant(rng.normal(size=(n_steps, 2, 1)))
    state = tuple(tf.constant(rng.normal(size=(2, 3))) for _ in range(2))

    def found(x, u, *state):
        with tf.GradientTape() as tape:
            tape.watch((x, u, state))
            outputs, last = run(cell.step, (x, u), state)
            loss = (
                tf.reduce_sum(outputs["v"] ** 2) + tf.reduce_sum(outputs["both"][0][::2]) + tf.reduce_sum(last[1] ** 3)
            )
        return [*tf.nest.flatten((outputs, last)), *tape.gradient(loss, [x, u, *state, cell.w, cell.b])]

    return (tf.function(found) if compiled else found)(x, u, *state)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("n_steps", LENGTHS)
def test_equal_to_unrolled_steps(n_steps, compiled):
    for ours, theirs in zip(everything(run_steps, n_steps, compiled), everything(unrolled, n_steps), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_a_long_sequence_makes_no_larger_a_graph():
    cell = Cell()

    def nodes(n_steps):
        shapes = [tf.TensorSpec([n_steps, 2, 3], tf.float64), tf.TensorSpec([n_steps, 2, 1], tf.float64)]
        state = (tf.zeros([2, 3], tf.float64),) * 2
        run = tf.function(lambda x, u: run_steps(cell.step, (x, u), state))
        graph = run.get_concrete_function(*shapes).graph.as_graph_def()
        return len(graph.node) + sum(len(function.node_def) for function in graph.library.function)

    assert nodes(400) == nodes(40)


def test_the_number_of_steps_need_not_be_known():
    cell = Cell()
    state = (tf.zeros([2, 3], tf.float64),) * 2
    signature = [tf.TensorSpec([None, None, n], tf.float64) for n in (3, 1)]
    run = tf.function(lambda x, u: run_steps(cell.step, (x, u), state)[0]["v"], input_signature=signature)
    x = tf.constant(np.random.default_rng(1).normal(size=(11, 2, 3)))
    np.testing.assert_allclose(run(x, x[..., :1]), unrolled(cell.step, (x, x[..., :1]), state)[0]["v"], rtol=1e-12)
