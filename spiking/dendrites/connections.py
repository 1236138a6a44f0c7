"""Connections of synapses: weights without memory, dense or masked; and what those of `convolutions` share with them."""

import math
import zlib
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import FRACTION, number, true_or_false, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.dendrites.bounds import WeightBounds
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.dendrites.sequence_layer import SequenceLayer, State
from rate2spike.spiking.layers.cell import PACKAGE


class SynapseConn(SequenceLayer):
    """What all connections share. A subclass gives `check_input`, `product`, `change` and `zeros`.

    `weight` (..., from, to) and `bias` (to,), or None, are variables, uniform within ±1/sqrt(fan_in) at first and within
    their bounds. The constraint of the weight keeps the bounds after every update of an optimiser.
    """

    def __init__(
        self,
        weight_shape: tuple[int, ...],
        bias: bool,
        *,
        wmin: Any = -np.inf,
        wmax: Any = np.inf,
        seed: int | None = None,
        **layer_options: Any,
    ):
        super().__init__(**layer_options)
        self.seed = resolve_seed(seed)
        self.bounds = WeightBounds(wmin, wmax)
        self.bounds.check_shape(weight_shape)
        rng = self.draws("weights")
        limit = 1 / math.sqrt(math.prod(weight_shape[:-1]))
        has_bias = true_or_false(bias, "{bias}", "bias")
        self.weight = self.add_weight(
            name="weight",
            shape=weight_shape,
            initializer=_given(rng.uniform(-limit, limit, weight_shape)),
            constraint=self.bounds if self.bounds.bind else None,
        )
        self.bias = None
        if has_bias:
            drawn = rng.uniform(-limit, limit, weight_shape[-1:])
            self.bias = self.add_weight(name="bias", shape=drawn.shape, initializer=_given(drawn))
        self.clamp_weights()
        self.built = True

    def draws(self, what: str) -> np.random.Generator:
        """Where initial values come from: the same at every call, another for every kind of connection."""
        return generator(self.seed, Role.INITIAL_WEIGHTS, zlib.crc32(f"{type(self).__name__} {what}".encode()))

    def check_input(self, x: tf.Tensor) -> None:
        """Raise InputError for an input of another width."""
        raise NotImplementedError

    def product(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        """What arrives, without bias; x with any leading axes, weight in its dtype."""
        raise NotImplementedError

    def change(self, pre: tf.Tensor, post: tf.Tensor) -> tf.Tensor:
        """See `weight_change`; of checked tensors."""
        raise NotImplementedError

    def zeros(self, x: tf.Tensor) -> tf.Tensor:
        """Zeros of the output's shape, for an input x."""
        raise NotImplementedError

    def connected(self, x: tf.Tensor) -> tf.Tensor:
        """What arrives, bias included; x with any leading axes."""
        self.check_input(x)
        y = self.product(x, tf.cast(self.weight, x.dtype))
        return y if self.bias is None else y + self.along_features(tf.cast(self.bias, x.dtype))

    def along_features(self, bias: tf.Tensor) -> tf.Tensor:
        """The bias as it is added to an output."""
        return bias

    def step(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """The output; there are no states."""
        return self.connected(x), state

    def sequence(self, x: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """All steps at once."""
        return self.connected(x), state

    def weight_change(self, pre: Any, post: Any) -> tf.Tensor:
        """Sum over all leading axes, batch and time, of post ⊗ pre, in the shape of `weight` and in the dtype of pre.

        In other words the slope of Σ post · output in the weight: what local learning rules and gradients are made of.

        Parameters
        ----------
        pre : array (..., N_in) or (..., C, *space)
            Inputs of the connection, or anything of their shape.
        post : array (..., N_out) or (..., C_out, *space_out)
            Anything of the output's shape.

        Raises
        ------
        InputError
            For shapes that do not belong together.
        """
        pre = tf.convert_to_tensor(pre)
        pre = pre if pre.dtype.is_floating else tf.cast(pre, self.variable_dtype)
        post = tf.cast(post, pre.dtype)
        self.check_input(pre)
        expected = self.zeros(pre).shape
        if not post.shape.is_compatible_with(expected):
            raise InputError(
                f"{{post}} must have the shape {tuple(expected)} of layer {self.name}'s output, got {tuple(post.shape)}",
                "post",
            )
        return self.change(pre, post)

    def clamp_weights(self, clamp_bias: bool = False) -> None:
        """Clip the weight, and the bias on demand, to [wmin, wmax] now. Raises InputError."""
        self.weight.assign(self.bounds(self.weight))
        if true_or_false(clamp_bias, "{clamp_bias}", "clamp_bias") and self.bias is not None:
            self.bounds.check_shape(tuple(self.bias.shape), "a bias")
            self.bias.assign(self.bounds(self.bias))

    def published_weight(self) -> np.ndarray:
        """The weight in the layout of the published package, (to, from) or (to, from, *kernel)."""
        return _published(self.weight.numpy())

    def set_published_weight(self, weight: Any) -> None:
        """Set the weight from the published layout, see `published_weight`. Raises InputError."""
        _assign_published(self.weight, weight, "weight")

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        own = {"bias": self.bias is not None, "seed": self.seed}
        return {**super().get_config(), **self.bounds.get_config(), **own}


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class LinearSynapseConn(SynapseConn):
    """Every input to every output: y = x W + b, of (..., in_features) to (..., out_features).

    The attribute `weight` is W (in_features, out_features), `bias` is b or None; `published_weight()` is the transpose.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.connections import LinearSynapseConn
    >>> conn = LinearSynapseConn(3, 2, seed=1)
    >>> conn(np.ones((4, 3), "f4")).shape
    TensorShape([4, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        *,
        wmin: Any = -np.inf,
        wmax: Any = np.inf,
        seed: int | None = None,
        step_mode: str = "s",
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        self.in_features = whole_number(in_features, "{in_features}", "in_features")
        self.out_features = whole_number(out_features, "{out_features}", "out_features")
        super().__init__(
            (self.in_features, self.out_features),
            bias,
            wmin=wmin,
            wmax=wmax,
            seed=seed,
            step_mode=step_mode,
            time_major=time_major,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )

    def check_input(self, x: tf.Tensor) -> None:
        """Raise InputError for an input of another width."""
        width = x.shape[-1] if x.shape.rank else 0
        if width not in (None, self.in_features):
            raise InputError(f"layer {self.name} was made for {self.in_features} inputs, got {width}")

    def product(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        """x W."""
        return tf.tensordot(x, weight, 1)

    def change(self, pre: tf.Tensor, post: tf.Tensor) -> tf.Tensor:
        """See `weight_change`."""
        pre, post = tf.reshape(pre, [-1, self.in_features]), tf.reshape(post, [-1, self.out_features])
        return tf.matmul(pre, post, transpose_a=True)

    def zeros(self, x: tf.Tensor) -> tf.Tensor:
        """Zeros (..., out_features)."""
        return tf.zeros([*lengths(x)[:-1], self.out_features], x.dtype)

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "in_features": self.in_features, "out_features": self.out_features}


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class MaskedLinearSynapseConn(LinearSynapseConn):
    """Some inputs to some outputs: y = x (W∘mask) + b, of (..., in_features) to (..., out_features).

    Every input is connected to out_features - ceil(init_sparsity · out_features) outputs, drawn at random. Where the mask is
    0, the weight has no gradient. `mask` (in_features, out_features) holds 0 and 1, is never trained, and is saved.

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> from rate2spike.spiking.dendrites.connections import MaskedLinearSynapseConn
    >>> conn = MaskedLinearSynapseConn(3, 8, init_sparsity=0.75, seed=1)
    >>> conn.mask.numpy().sum(1).tolist()
    [2, 2, 2]
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        init_sparsity: float = 0.75,
        *,
        wmin: Any = -np.inf,
        wmax: Any = np.inf,
        seed: int | None = None,
        step_mode: str = "s",
        time_major: bool = True,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        self.init_sparsity = number(init_sparsity, "{init_sparsity}", "init_sparsity", FRACTION)
        super().__init__(
            in_features,
            out_features,
            bias,
            wmin=wmin,
            wmax=wmax,
            seed=seed,
            step_mode=step_mode,
            time_major=time_major,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )
        self.mask = self.add_weight(
            name="mask", shape=self.weight.shape, dtype="int32", trainable=False, initializer=_given(self._drawn_mask())
        )

    def _drawn_mask(self) -> np.ndarray:
        n_cut = math.ceil(self.init_sparsity * self.out_features)
        mask = np.ones((self.in_features, self.out_features))
        mask[:, :n_cut] = 0
        return self.draws("mask").permuted(mask, axis=1)

    def product(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        """x (W∘mask)."""
        return super().product(x, weight * tf.cast(self.mask, weight.dtype))

    def change(self, pre: tf.Tensor, post: tf.Tensor) -> tf.Tensor:
        """See `weight_change`; 0 where the mask is."""
        return super().change(pre, post) * tf.cast(self.mask, pre.dtype)

    def published_mask(self) -> np.ndarray:
        """The mask in the layout of the published package, (out_features, in_features)."""
        return _published(self.mask.numpy())

    def set_published_mask(self, mask: Any) -> None:
        """Set the mask from the published layout, see `published_mask`. Raises InputError unless it holds 0 and 1."""
        if not np.isin(np.asarray(mask), (0, 1)).all():
            raise InputError("{mask} must hold 0 and 1", "mask")
        _assign_published(self.mask, mask, "mask")

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        return {**super().get_config(), "init_sparsity": self.init_sparsity}


def lengths(x: tf.Tensor) -> list[Any]:
    """Length of every axis: a number where it is known, else a tensor."""
    dynamic = tf.shape(x)
    return [dynamic[axis] if length is None else length for axis, length in enumerate(x.shape)]


def _given(values: np.ndarray) -> Any:
    return lambda _, dtype: tf.cast(tf.constant(values), dtype)


def _published(weight: np.ndarray) -> np.ndarray:
    """(*kernel, from, to) as (to, from, *kernel)."""
    n_axes = weight.ndim - 2
    return weight.transpose(n_axes + 1, n_axes, *range(n_axes))


def _assign_published(variable: Any, values: Any, name: str) -> None:
    values = np.asarray(values)
    expected = _published(np.empty(variable.shape, bool)).shape
    if values.shape != expected:
        raise InputError(f"{{{name}}} must have the shape {expected}, got {values.shape}", name)
    variable.assign(values.transpose(*range(2, values.ndim), 1, 0).astype(variable.dtype))
