"""A cell over time, forward and backward. Sequences are (time, batch, units).

One step of a cell with pathways k (somatic, apical, ...), inputs x_k, states s, the last of which is its output z, and
parameters p (gains, couplings, decays; tensors that may follow from trainable variables):
    i_k = x_k W_k + b_k + z_{t-1} R_k            products, made for many steps at once where they can be
    s_t = advance(i, s_{t-1}, p)                 without products of matrices, in the cells that we have
Backward, with the slopes g_t of the loss with respect to s_t:
    (di_k, g_{t-1}, dp_t) = slopes of advance at (i, s_{t-1}, p) along g_t (by automatic differentiation)
    g_{t-1} of z += di_k R_k^T
    dW_k = Σ_t x_k^T di_k,   dR_k = Σ_t z_{t-1}^T di_k,   dp = Σ_t dp_t,   dx_k = di_k W_k^T
Automatic differentiation of the loop itself would keep every intermediate and multiply for dW and dR at every step. Kept are
the states and currents alone; with `recompute` the states at the start of every block alone, from which the backward pass
makes the others again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import tf

BLOCK_STEPS = 10  # steps unrolled per turn of the loop, whose own cost is that of five small operations

Tensors = tuple[tf.Tensor, ...]
Arrays = tuple[tf.TensorArray, ...]
Advance = Callable[..., Tensors]  # (currents, states, *parameters) -> states


class Pathway(NamedTuple):
    """One way into a cell: N_k currents, as many as units unless a unit has several compartments."""

    kernel: tf.Tensor | None  # (I, N_k); None: the inputs are the currents, and may have axes between batch and N_k
    bias: tf.Tensor | None = None  # (N_k,)
    recurrent: tf.Tensor | None = None  # (N, N_k) [source, target]


class Dynamics(NamedTuple):
    """One step of a cell. States are (B, N) or, with C compartments, (B, N, C); the last one is the output (B, N).

    A tensor that `advance` merely closes over is a constant, a trainable variable there an error: what is to have a gradient
    is in the pathways or parameters.
    """

    advance: Advance
    pathways: tuple[Pathway, ...]
    parameters: Tensors = ()  # of any shape

    @property
    def weights(self) -> Tensors:
        """The tensors of the pathways."""
        return tuple(tensor for pathway in self.pathways for tensor in pathway if tensor is not None)

    def with_tensors(self, weights: Iterable[tf.Tensor], parameters: Tensors) -> "Dynamics":
        """The same with these tensors in the places of its own."""
        given = iter(weights)
        pathways = tuple(Pathway(*(None if own is None else next(given) for own in way)) for way in self.pathways)
        return Dynamics(self.advance, pathways, parameters)


class Sequences(NamedTuple):
    """What a cell did: tensors (T, B, ...)."""

    states: Tensors
    currents: Tensors


def scan(
    dynamics: Dynamics, inputs: Tensors, start: Tensors, *, recompute: bool = False, input_gradient: bool = True
) -> tf.Tensor:
    """Outputs (T, B, N), differentiable in the weights, in the parameters and, if asked for, in the inputs (T, B, I_k).

    start: states before the first step, constants. recompute: less memory for more time, the same numbers.
    """
    padded = tuple(_padded(x) for x in inputs)
    n_inputs, n_weights = len(padded), len(dynamics.weights)

    @tf.custom_gradient
    def differentiable(*arguments: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        inputs, rest = arguments[:n_inputs], arguments[n_inputs:]
        here = dynamics.with_tensors(rest[:n_weights], rest[n_weights:])
        kept = (_forward_starts if recompute else _forward)(here, inputs, start)

        def gradient(d_outputs: tf.Tensor, variables: Sequence[tf.Variable] = ()) -> list[tf.Tensor | None]:
            _check_none_hidden(variables)
            return _backward(here, inputs, kept, d_outputs, input_gradient)

        return kept.outputs, gradient

    return _first_steps(differentiable(*padded, *dynamics.weights, *dynamics.parameters), inputs[0])


def _check_none_hidden(variables: Sequence[tf.Variable]) -> None:
    """Raise InputError for trainable variables that a step reads by itself: they would have no gradient."""
    if variables:
        names = ", ".join(variable.name for variable in variables)
        raise InputError(
            f"a cell's step reads {names}, which is trainable: return it from the cell's `parameters`, and take it as a "
            "further argument of `advance`"
        )


def all_states(dynamics: Dynamics, inputs: Tensors, start: Tensors) -> Tensors:
    """Every state (T + 1, B, ...), the start included. Not meant to be differentiated."""
    _, series = _run_blocks(dynamics, tuple(_padded(x) for x in inputs), start, lambda trace: trace.states)
    return tuple(
        tf.concat([first[None], _first_steps(rest.concat(), inputs[0])], 0)
        for first, rest in zip(start, series, strict=True)
    )


class _Blocks(NamedTuple):
    """Arrays of one tensor (BLOCK_STEPS, B, ...) per block. They are read as they are: one tensor of all would be a copy."""

    states: Arrays  # but for the output
    currents: Arrays


class _Kept(NamedTuple):
    """What the forward pass leaves for the backward one."""

    outputs: tf.Tensor  # (T, B, N)
    starts: Arrays  # of (B, ...), states before every block
    blocks: _Blocks | None  # None where they are to be made again


def _forward(dynamics: Dynamics, inputs: Tensors, start: Tensors) -> _Kept:
    starts, series = _run_blocks(dynamics, inputs, start, lambda trace: (*trace.states, *trace.currents))
    *states, outputs = series[: len(start)]
    return _Kept(outputs.concat(), starts, _Blocks(tuple(states), series[len(start) :]))


def _forward_starts(dynamics: Dynamics, inputs: Tensors, start: Tensors) -> _Kept:
    starts, (outputs,) = _run_blocks(dynamics, inputs, start, lambda trace: trace.states[-1:])
    return _Kept(outputs.concat(), starts, None)


def _run_blocks(
    dynamics: Dynamics, inputs: Tensors, start: Tensors, chosen: Callable[[Sequences], tuple]
) -> tuple[Arrays, Arrays]:
    """States before every block, and of every block what `chosen` takes of its sequences."""
    n_blocks, dtype = tf.shape(inputs[0])[0] // BLOCK_STEPS, start[0].dtype
    of_currents = [
        x.shape[1:] if way.kernel is None else [start[0].shape[0], way.kernel.shape[1]]
        for x, way in zip(inputs, dynamics.pathways, strict=True)
    ]
    shapes = Sequences(tuple(s.shape for s in start), tuple(of_currents))
    starts = tuple(_array(dtype, n_blocks, s.shape) for s in start)
    histories = tuple(_array(dtype, n_blocks, [BLOCK_STEPS, *shape]) for shape in chosen(shapes))

    def block(k: tf.Tensor, states: Tensors, starts: tuple, histories: tuple) -> tuple:
        starts = tuple(array.write(k, s) for array, s in zip(starts, states, strict=True))
        trace, states = _run_block(dynamics, [_block(x, k) for x in inputs], states)
        histories = tuple(array.write(k, values) for array, values in zip(histories, chosen(trace), strict=True))
        return k + 1, states, starts, histories

    # blocks depend on one another: more than one iteration in flight only costs bookkeeping
    _, _, starts, histories = tf.while_loop(
        lambda k, *_: k < n_blocks, block, (tf.constant(0), tuple(start), starts, histories), parallel_iterations=1
    )
    return starts, histories


def _run_block(dynamics: Dynamics, inputs: Sequence[tf.Tensor], states: Tensors) -> tuple[Sequences, Tensors]:
    """BLOCK_STEPS steps from the states: everything (BLOCK_STEPS, B, ...), and the states at the end."""
    ways = dynamics.pathways
    driven = [tf.unstack(_projected(x, way), BLOCK_STEPS) for x, way in zip(inputs, ways, strict=True)]
    all_currents, all_after = [], []
    for step in range(BLOCK_STEPS):
        currents = tuple(
            drive[step] if way.recurrent is None else drive[step] + tf.matmul(states[-1], way.recurrent)
            for drive, way in zip(driven, ways, strict=True)
        )
        states = dynamics.advance(currents, states, *dynamics.parameters)
        all_currents.append(currents)
        all_after.append(states)
    return Sequences(_stacked(all_after), _stacked(all_currents)), states


def _backward(
    dynamics: Dynamics, inputs: Tensors, kept: _Kept, d_outputs: tf.Tensor, input_gradient: bool
) -> list[tf.Tensor | None]:
    """Slopes with respect to the inputs (None if not wanted), then to the weights, then to the parameters."""
    n_blocks, ways = tf.shape(inputs[0])[0] // BLOCK_STEPS, dynamics.pathways
    sums = tuple(tf.zeros_like(tensor) for tensor in (*dynamics.weights, *dynamics.parameters))
    d_inputs = tuple(tf.TensorArray(x.dtype, n_blocks) for x in inputs) if input_gradient else ()
    slopes = tuple(tf.zeros_like(array.read(0)) for array in kept.starts)
    # transposed once: a product with a transposed matrix takes a fifth longer
    from_targets = [None if way.recurrent is None else tf.transpose(way.recurrent) for way in ways]

    def block(k: tf.Tensor, slopes: Tensors, sums: Tensors, d_inputs: tuple) -> tuple:
        here = [_block(x, k) for x in inputs]
        before = _read(kept.starts, k)
        if kept.blocks is not None:
            trace = Sequences((*_read(kept.blocks.states, k), _block(kept.outputs, k)), _read(kept.blocks.currents, k))
        else:
            trace, _ = _run_block(dynamics, here, before)
        d_currents, d_parameters, slopes = _block_slopes(
            dynamics, from_targets, trace, before, _block(d_outputs, k), slopes
        )
        spikes_before = tf.concat([before[-1][None], trace.states[-1][:-1]], 0)
        new = (*_weight_slopes(here, ways, d_currents, spikes_before), *d_parameters)
        sums = tuple(total + more for total, more in zip(sums, new, strict=True))
        d_inputs = tuple(
            array.write(k, di if way.kernel is None else tf.einsum("tbn,in->tbi", di, way.kernel))
            for array, di, way in zip(d_inputs, d_currents if d_inputs else (), ways if d_inputs else (), strict=True)
        )
        return k - 1, slopes, sums, d_inputs

    _, _, sums, d_inputs = tf.while_loop(
        lambda k, *_: k >= 0, block, (n_blocks - 1, slopes, sums, d_inputs), parallel_iterations=1
    )
    if not input_gradient:
        return [None] * len(inputs) + list(sums)
    return [array.concat() for array in d_inputs] + list(sums)


def _block_slopes(
    dynamics: Dynamics,
    from_targets: list[tf.Tensor | None],
    trace: Sequences,
    before: Tensors,
    d_outputs: tf.Tensor,
    slopes: Tensors,
) -> tuple[Tensors, Tensors, Tensors]:
    """Slopes with respect to the currents (BLOCK_STEPS, B, N_k), the parameters, and the states before the block."""
    d_currents: list[Tensors] = []
    d_parameters: list[Tensors] = []
    states_before = [before, *zip(*(tf.unstack(s, BLOCK_STEPS)[:-1] for s in trace.states), strict=True)]
    all_currents = list(zip(*(tf.unstack(i, BLOCK_STEPS) for i in trace.currents), strict=True))
    d_outputs = tf.unstack(d_outputs, BLOCK_STEPS)
    for step in reversed(range(BLOCK_STEPS)):
        point = (all_currents[step], states_before[step], dynamics.parameters)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(point)
            after = dynamics.advance(point[0], point[1], *point[2])
        slopes = (*slopes[:-1], slopes[-1] + d_outputs[step])
        di, slopes, dp = tape.gradient(after, point, slopes, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        back = [tf.matmul(d, matrix) for d, matrix in zip(di, from_targets, strict=True) if matrix is not None]
        slopes = (*slopes[:-1], tf.add_n([slopes[-1], *back]))
        d_currents.insert(0, di)
        d_parameters.append(dp)
    return _stacked(d_currents), tuple(tf.add_n(steps) for steps in zip(*d_parameters, strict=True)), slopes


def _weight_slopes(
    inputs: Sequence[tf.Tensor], pathways: Sequence[Pathway], d_currents: Tensors, spikes_before: tf.Tensor
) -> list[tf.Tensor]:
    """dW, db, dR of every pathway, those that it has."""
    slopes = []
    for x, way, di in zip(inputs, pathways, d_currents, strict=True):
        if way.kernel is not None:
            slopes.append(_outer(x, di))
        if way.bias is not None:
            slopes.append(tf.reduce_sum(di, [0, 1]))
        if way.recurrent is not None:
            slopes.append(_outer(spikes_before, di))
    return slopes


def _projected(x: tf.Tensor, pathway: Pathway) -> tf.Tensor:
    """x W + b for a block, (BLOCK_STEPS, B, N_k): one product."""
    if pathway.kernel is None:
        return x if pathway.bias is None else x + pathway.bias
    rows = tf.reshape(x, [-1, pathway.kernel.shape[0]])
    product = tf.matmul(rows, pathway.kernel)
    if pathway.bias is not None:
        product = tf.nn.bias_add(product, pathway.bias)
    return tf.reshape(product, [BLOCK_STEPS, -1, pathway.kernel.shape[1]])


def _outer(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Σ over time and batch of left^T right."""
    return tf.matmul(tf.reshape(left, [-1, left.shape[-1]]), tf.reshape(right, [-1, right.shape[-1]]), transpose_a=True)


def _stacked(steps: Iterable[Tensors]) -> Tensors:
    """Tuples of tensors, one per step, as one tuple of stacked tensors."""
    return tuple(tf.stack(series) for series in zip(*steps, strict=True))


def _block(x: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
    block = x[k * BLOCK_STEPS : (k + 1) * BLOCK_STEPS]
    return tf.ensure_shape(block, [BLOCK_STEPS, *x.shape[1:]])


def _array(dtype: tf.DType, n_blocks: tf.Tensor, shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, n_blocks, element_shape=shape, clear_after_read=False)


def _read(arrays: Arrays, k: tf.Tensor) -> Tensors:
    return tuple(array.read(k) for array in arrays)


def _padded(x: tf.Tensor) -> tf.Tensor:
    """The last step again up to whole blocks: what it does there is cut off, and has no gradient.

    Not zeros, at which a cell need not be finite: its slope of 0 times infinity would be NaN.
    """
    if _has_whole_blocks(x):
        return x
    shape = tf.shape(x)
    return tf.concat([x, tf.broadcast_to(x[-1:], tf.concat([[-shape[0] % BLOCK_STEPS], shape[1:]], 0))], 0)


def _first_steps(padded: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """As many steps as x has, a number that the next layer knows if this one does."""
    if not _has_whole_blocks(x):  # also a slice of everything would cost a copy, of the slopes
        padded = padded[: tf.shape(x)[0]]
    return tf.ensure_shape(padded, [x.shape[0], *padded.shape[1:]])


def _has_whole_blocks(x: tf.Tensor) -> bool:
    return x.shape[0] is not None and x.shape[0] % BLOCK_STEPS == 0
