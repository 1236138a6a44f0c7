"""Steps over time, in blocks of which the backward pass knows the states at their beginning, and makes the others again.

So memory holds the inputs, the outputs and a few states, and a compiled function has the nodes of a few steps only, however
many there are. A step is a function of its arguments and of variables, without side effects: it runs twice.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from rate2spike.machine.keras_on_tensorflow import tf

STEPS_PER_BLOCK = 4

Nest = Any  # of tensors
Step = Callable[[Nest, Nest], tuple[Nest, Nest]]  # (inputs, states) -> (outputs, states)


def run_steps(step: Step, inputs: Nest, state: Nest) -> tuple[Nest, Nest]:
    """Outputs (T, ...) of inputs (T, ...) and the last states; differentiable in inputs, states and trainable variables."""
    n_steps = tf.nest.flatten(inputs)[0].shape[0]
    length = 1 if n_steps is None else STEPS_PER_BLOCK
    if n_steps is not None and n_steps <= length:
        return unrolled(step, inputs, state)
    n_left = 0 if n_steps is None else n_steps % length
    whole, left = (inputs, None) if not n_left else (_cut(inputs, None, -n_left), _cut(inputs, -n_left, None))
    outputs, state = _looped(step, whole, state, length)
    if n_left:
        last, state = unrolled(step, left, state)
        outputs = tf.nest.map_structure(lambda first, rest: tf.concat([first, rest], 0), outputs, last)
    return outputs, state


def unrolled(step: Step, inputs: Nest, state: Nest) -> tuple[Nest, Nest]:
    """The same one step after the other."""
    series = [tf.unstack(one) for one in tf.nest.flatten(inputs)]
    outputs = []
    for now in zip(*series, strict=True):
        output, state = step(tf.nest.pack_sequence_as(inputs, now), state)
        outputs.append(output)
    return tf.nest.map_structure(lambda *steps: tf.stack(steps), *outputs), state


class _Block(NamedTuple):
    """Several steps as a function of flat lists: inputs (length, ...), then states, to outputs, then states."""

    step: Step
    length: int
    inputs: Nest  # of one block, as patterns
    state: Nest

    def run(self, inputs: Sequence[tf.Tensor], state: Sequence[tf.Tensor]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        outputs, after = unrolled(
            self.step, tf.nest.pack_sequence_as(self.inputs, inputs), tf.nest.pack_sequence_as(self.state, state)
        )
        return tf.nest.flatten(outputs), tf.nest.flatten(after)

    def at(self, series: Iterable[tf.Tensor], k: tf.Tensor) -> list[tf.Tensor]:
        """The k-th block of series (T, ...)."""
        first = k * self.length
        return [tf.ensure_shape(x[first : first + self.length], [self.length, *x.shape[1:]]) for x in series]


def _looped(step: Step, inputs: Nest, state: Nest, length: int) -> tuple[Nest, Nest]:
    """Whole blocks."""
    block, n_inputs = _Block(step, length, inputs, state), len(tf.nest.flatten(inputs))
    pattern, _ = step(
        tf.nest.map_structure(lambda x: x[0], inputs), state
    )  # for its shapes: nothing else is made of it
    n_outputs = len(tf.nest.flatten(pattern))

    @tf.custom_gradient
    def differentiable(*arguments: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Callable]:
        series = arguments[:n_inputs]
        outputs, starts, last = _forward(block, series, arguments[n_inputs:], tf.nest.flatten(pattern))

        def gradient(*slopes: tf.Tensor, variables: Sequence[tf.Variable] | None = None) -> Any:
            of_inputs, of_state, of_variables = _backward(
                block, series, starts, slopes[:n_outputs], slopes[n_outputs:], variables or ()
            )
            found = [*of_inputs, *of_state]
            return found if variables is None else (found, of_variables)

        return (*outputs, *last), gradient

    found = differentiable(*tf.nest.flatten(inputs), *tf.nest.flatten(state))
    outputs = tf.nest.pack_sequence_as(pattern, found[:n_outputs])
    return outputs, tf.nest.pack_sequence_as(state, found[n_outputs:])


def _forward(
    block: _Block, series: Sequence[tf.Tensor], state: Sequence[tf.Tensor], patterns: Sequence[tf.Tensor]
) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
    """Outputs, the states before every block, and those at the end."""
    n_blocks = tf.shape(series[0])[0] // block.length
    shapes = [[block.length, *one.shape] for one in patterns]
    outputs = [tf.TensorArray(p.dtype, n_blocks, element_shape=s) for p, s in zip(patterns, shapes, strict=True)]
    starts = [tf.TensorArray(s.dtype, n_blocks, element_shape=s.shape) for s in state]

    def body(k: tf.Tensor, state: list, outputs: list, starts: list) -> tuple:
        starts = [array.write(k, s) for array, s in zip(starts, state, strict=True)]
        made, after = block.run(block.at(series, k), state)
        outputs = [array.write(k, y) for array, y in zip(outputs, made, strict=True)]
        return k + 1, _shaped_like(after, state), outputs, starts

    # blocks depend on one another: more than one iteration in flight only costs bookkeeping
    _, last, outputs, starts = tf.while_loop(
        lambda k, *_: k < n_blocks, body, (0, list(state), outputs, starts), parallel_iterations=1
    )
    n_steps = series[0].shape[0]
    joined = [
        tf.ensure_shape(array.concat(), [n_steps, *one.shape]) for array, one in zip(outputs, patterns, strict=True)
    ]
    return joined, [array.stack() for array in starts], last


def _backward(
    block: _Block,
    series: Sequence[tf.Tensor],
    starts: Sequence[tf.Tensor],
    of_outputs: Sequence[tf.Tensor],
    of_last: Sequence[tf.Tensor],
    variables: Sequence[tf.Variable],
) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
    """Slopes with respect to inputs, first states, and variables."""
    n_blocks = tf.shape(series[0])[0] // block.length
    of_inputs = [tf.TensorArray(x.dtype, n_blocks, element_shape=[block.length, *x.shape[1:]]) for x in series]
    of_variables = [tf.zeros_like(tf.convert_to_tensor(one)) for one in variables]

    def body(k: tf.Tensor, of_state: list, of_variables: list, of_inputs: list) -> tuple:
        point = (block.at(series, k), [start[k] for start in starts])
        with tf.GradientTape() as tape:
            tape.watch(point)
            made = block.run(*point)
        along = (block.at(of_outputs, k), of_state)
        of_block, before, more = tape.gradient(
            made, (*point, list(variables)), along, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        of_variables = [total + tf.convert_to_tensor(one) for total, one in zip(of_variables, more, strict=True)]
        of_inputs = [array.write(k, d) for array, d in zip(of_inputs, of_block, strict=True)]
        return k - 1, _shaped_like(before, of_state), of_variables, of_inputs

    _, of_state, of_variables, of_inputs = tf.while_loop(
        lambda k, *_: k >= 0, body, (n_blocks - 1, list(of_last), of_variables, of_inputs), parallel_iterations=1
    )
    joined = [tf.ensure_shape(array.concat(), x.shape) for array, x in zip(of_inputs, series, strict=True)]
    return joined, of_state, of_variables


def _cut(inputs: Nest, first: int | None, end: int | None) -> Nest:
    return tf.nest.map_structure(lambda x: x[first:end], inputs)


def _shaped_like(new: Sequence[tf.Tensor], old: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """A loop's states keep what is known of their shapes."""
    return [tf.ensure_shape(one, like.shape) for one, like in zip(new, old, strict=True)]
