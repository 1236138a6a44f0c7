"""A cell over time, forward and backward. Arrays here are (time, batch, units).

One step of a cell with paths k (somatic, apical, ...), inputs x_k and states s, the last of which is its output z:
    i_k = x_k W_k + b_k + z_{t-1} R_k            products, made for many steps at once where they can be
    s_t = advance(i, s_{t-1})                    elementwise
Backward, with the slopes g_t of the loss with respect to s_t:
    (di_k, g_{t-1}) = slopes of advance at (i, s_{t-1}) along g_t (by automatic differentiation);  g_{t-1} of z += di_k R_k^T
    dW_k = Σ_t x_k^T di_k,   dR_k = Σ_t z_{t-1}^T di_k,   dx_k = di_k W_k^T
Automatic differentiation of the loop itself would keep every intermediate and multiply for dW and dR at every step. Kept are
the states and currents alone; with `recompute` the states at the start of every block alone, from which the backward pass
makes the others again.
"""

from collections.abc import Callable
from typing import NamedTuple

from rate2spike.machine.keras_on_tensorflow import tf

BLOCK_STEPS = 10  # steps unrolled per turn of the loop, whose own cost is that of five small operations


class Path(NamedTuple):
    """One way into a cell."""

    kernel: tf.Tensor  # (I, N)
    bias: tf.Tensor | None  # (N,)
    recurrent: tf.Tensor | None  # (N, N) [source, target]


class Sequences(NamedTuple):
    """What a cell did: tensors (T, B, N)."""

    states: tuple[tf.Tensor, ...]
    currents: tuple[tf.Tensor, ...]


Advance = Callable[[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]], tuple[tf.Tensor, ...]]


def scan(
    advance: Advance,
    inputs: tuple[tf.Tensor, ...],
    paths: tuple[Path, ...],
    start: tuple[tf.Tensor, ...],
    *,
    recompute: bool = False,
    input_gradient: bool = True,
) -> tf.Tensor:
    """Outputs (T, B, N), differentiable in the tensors of the paths and, if asked for, in the inputs (T, B, I_k).

    start: states (B, N) before the first step, constants. recompute: less memory for more time, the same numbers.
    """
    n_steps = tf.shape(inputs[0])[0]
    padded = tuple(_padded(x) for x in inputs)
    tensors = [tensor for path in paths for tensor in path if tensor is not None]

    @tf.custom_gradient
    def differentiable(*arguments):
        inputs, paths_here = arguments[: len(padded)], _with_tensors(paths, arguments[len(padded) :])
        kept = _forward(advance, inputs, paths_here, start, "starts" if recompute else "all")

        def gradient(d_outputs):
            return _backward(advance, inputs, paths_here, kept, d_outputs, input_gradient)

        return kept.outputs, gradient

    return differentiable(*padded, *tensors)[:n_steps]


def all_states(
    advance: Advance, inputs: tuple[tf.Tensor, ...], paths: tuple[Path, ...], start: tuple[tf.Tensor, ...]
) -> tuple[tf.Tensor, ...]:
    """Every state (T + 1, B, N), the start included. Not meant to be differentiated."""
    n_steps = tf.shape(inputs[0])[0]
    kept = _forward(advance, tuple(_padded(x) for x in inputs), paths, start, "all")
    return tuple(
        tf.concat([first[None], _joined(rest)[:n_steps]], 0) for first, rest in zip(start, kept.states, strict=True)
    )


class _Kept(NamedTuple):
    """What the forward pass leaves: tensors (blocks, BLOCK_STEPS, B, N), or (blocks, B, N) of the starts of blocks."""

    outputs: tf.Tensor  # (T, B, N)
    starts: tuple[tf.Tensor, ...]
    states: tuple[tf.Tensor, ...]  # empty when only the starts are kept
    currents: tuple[tf.Tensor, ...]


def _forward(advance, inputs, paths, start, keep: str) -> _Kept:
    n_blocks = tf.shape(inputs[0])[0] // BLOCK_STEPS
    n_states, n_paths = len(start), len(paths)
    n_histories = n_states + n_paths if keep == "all" else 1
    dtype = start[0].dtype
    starts = tuple(tf.TensorArray(dtype, n_blocks, element_shape=s.shape) for s in start)
    block_shape = [BLOCK_STEPS, *start[0].shape]
    histories = tuple(tf.TensorArray(dtype, n_blocks, element_shape=block_shape) for _ in range(n_histories))

    def block(k, states, starts, histories):
        starts = tuple(array.write(k, s) for array, s in zip(starts, states, strict=True))
        trace, states = _run_block(advance, [_block(x, k) for x in inputs], paths, states)
        series = [*trace.states, *trace.currents] if keep == "all" else [trace.states[-1]]
        histories = tuple(array.write(k, values) for array, values in zip(histories, series, strict=True))
        return k + 1, states, starts, histories

    # blocks depend on one another: more than one iteration in flight only costs bookkeeping
    _, _, starts, histories = tf.while_loop(
        lambda k, *_: k < n_blocks, block, (tf.constant(0), tuple(start), starts, histories), parallel_iterations=1
    )
    series = [array.stack() for array in histories]
    n_kept = n_states if keep == "all" else 0
    return _Kept(
        _joined(series[n_states - 1 if n_kept else 0]),
        tuple(array.stack() for array in starts),
        tuple(series[:n_kept]),
        tuple(series[n_kept:]) if n_kept else (),
    )


def _run_block(advance, inputs, paths, states) -> tuple[Sequences, tuple[tf.Tensor, ...]]:
    """BLOCK_STEPS steps from the states: everything (BLOCK_STEPS, B, N), and the states at the end."""
    driven = [tf.unstack(_projected(x, path), BLOCK_STEPS) for x, path in zip(inputs, paths, strict=True)]
    all_currents, all_after = [], []
    for step in range(BLOCK_STEPS):
        currents = tuple(
            drive[step] if path.recurrent is None else drive[step] + tf.matmul(states[-1], path.recurrent)
            for drive, path in zip(driven, paths, strict=True)
        )
        states = advance(currents, states)
        all_currents.append(currents)
        all_after.append(states)
    return Sequences(_stacked(all_after), _stacked(all_currents)), states


def _backward(advance, inputs, paths, kept: _Kept, d_outputs, input_gradient: bool):
    """Slopes with respect to the inputs (None if not wanted), then to the tensors of the paths."""
    n_blocks = tf.shape(inputs[0])[0] // BLOCK_STEPS
    sums = tuple(tf.zeros_like(tensor) for path in paths for tensor in path if tensor is not None)
    d_inputs = tuple(tf.TensorArray(x.dtype, n_blocks) for x in inputs) if input_gradient else ()
    slopes = tuple(tf.zeros_like(s[0]) for s in kept.starts)
    # transposed once: a product with a transposed matrix takes a fifth longer
    from_targets = [None if path.recurrent is None else tf.transpose(path.recurrent) for path in paths]

    def block(k, slopes, sums, d_inputs):
        here = [_block(x, k) for x in inputs]
        before = tuple(s[k] for s in kept.starts)
        if kept.states:
            trace = Sequences(tuple(s[k] for s in kept.states), tuple(i[k] for i in kept.currents))
        else:
            trace, _ = _run_block(advance, here, paths, before)
        d_currents, slopes = _block_slopes(advance, from_targets, trace, before, _block(d_outputs, k), slopes)
        spikes_before = tf.concat([before[-1][None], trace.states[-1][:-1]], 0)
        sums = tuple(
            total + new
            for total, new in zip(sums, _parameter_slopes(here, paths, d_currents, spikes_before), strict=True)
        )
        d_inputs = tuple(
            array.write(k, tf.einsum("tbn,in->tbi", di, path.kernel))
            for array, di, path in zip(d_inputs, d_currents if d_inputs else (), paths if d_inputs else (), strict=True)
        )
        return k - 1, slopes, sums, d_inputs

    _, _, sums, d_inputs = tf.while_loop(
        lambda k, *_: k >= 0, block, (n_blocks - 1, slopes, sums, d_inputs), parallel_iterations=1
    )
    if not input_gradient:
        return [None] * len(inputs) + list(sums)
    return [_joined(array.stack()) for array in d_inputs] + list(sums)


def _block_slopes(advance, from_targets, trace: Sequences, before, d_outputs, slopes):
    """(d_currents (BLOCK_STEPS, B, N) of every path, slopes with respect to the states before the block)."""
    d_currents: list[tuple[tf.Tensor, ...]] = []
    states_before = [before, *zip(*(tf.unstack(s, BLOCK_STEPS)[:-1] for s in trace.states), strict=True)]
    all_currents = list(zip(*(tf.unstack(i, BLOCK_STEPS) for i in trace.currents), strict=True))
    d_outputs = tf.unstack(d_outputs, BLOCK_STEPS)
    for step in reversed(range(BLOCK_STEPS)):
        states, currents = states_before[step], all_currents[step]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((currents, states))
            after = advance(currents, states)
        slopes = (*slopes[:-1], slopes[-1] + d_outputs[step])
        di, slopes = tape.gradient(
            after, (currents, states), slopes, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        back = [tf.matmul(d, matrix) for d, matrix in zip(di, from_targets, strict=True) if matrix is not None]
        slopes = (*slopes[:-1], tf.add_n([slopes[-1], *back]))
        d_currents.insert(0, di)
    return _stacked(d_currents), slopes


def _parameter_slopes(inputs, paths, d_currents, spikes_before) -> list[tf.Tensor]:
    """dW, db, dR of every path, those that it has."""
    slopes = []
    for x, path, di in zip(inputs, paths, d_currents, strict=True):
        slopes.append(_outer(x, di))
        if path.bias is not None:
            slopes.append(tf.reduce_sum(di, [0, 1]))
        if path.recurrent is not None:
            slopes.append(_outer(spikes_before, di))
    return slopes


def _projected(x: tf.Tensor, path: Path) -> tf.Tensor:
    """x W + b for a block, (BLOCK_STEPS, B, N): one product."""
    rows = tf.reshape(x, [-1, path.kernel.shape[0]])
    product = tf.matmul(rows, path.kernel)
    if path.bias is not None:
        product = tf.nn.bias_add(product, path.bias)
    return tf.reshape(product, [BLOCK_STEPS, -1, path.kernel.shape[1]])


def _outer(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Σ over time and batch of left^T right."""
    return tf.matmul(tf.reshape(left, [-1, left.shape[-1]]), tf.reshape(right, [-1, right.shape[-1]]), transpose_a=True)


def _stacked(steps) -> tuple[tf.Tensor, ...]:
    """Tuples of tensors, one per step, as one tuple of stacked tensors."""
    return tuple(tf.stack(series) for series in zip(*steps, strict=True))


def _block(x: tf.Tensor, k) -> tf.Tensor:
    block = x[k * BLOCK_STEPS : (k + 1) * BLOCK_STEPS]
    return tf.ensure_shape(block, [BLOCK_STEPS, *x.shape[1:]])


def _joined(blocks: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(blocks)
    return tf.reshape(blocks, tf.concat([[shape[0] * shape[1]], shape[2:]], 0))


def _padded(x: tf.Tensor) -> tf.Tensor:
    """Steps of zeros at the end up to whole blocks: what they do is cut off again, and has no gradient."""
    if x.shape[0] is not None and x.shape[0] % BLOCK_STEPS == 0:
        return x
    return tf.pad(x, [[0, -tf.shape(x)[0] % BLOCK_STEPS], *([[0, 0]] * (x.shape.rank - 1))])


def _with_tensors(paths: tuple[Path, ...], given) -> tuple[Path, ...]:
    """The paths with these tensors in the places of theirs."""
    tensors = iter(given)
    return tuple(Path(*(None if item is None else next(tensors) for item in path)) for path in paths)
