"""Connections of synapses that are convolutions: kernels over sequences, images and volumes, channels first."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import choice, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras, tf
from rate2spike.spiking.dendrites.connections import SynapseConn, lengths
from rate2spike.spiking.dendrites.cross_correlation import Geometry, cross_correlation, kernel_slope
from rate2spike.spiking.dendrites.kit_options import documented
from rate2spike.spiking.layers.cell import PACKAGE

PerAxis = int | Sequence[int]

_AXES = {1: "C, L", 2: "C, H, W", 3: "C, D, H, W"}


class ConvSynapseConn(SynapseConn):
    """What the convolutions share; a subclass says along how many axes."""

    n_axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis | str = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = False,
        padding_mode: str = "zeros",
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
        self.in_channels = whole_number(in_channels, "{in_channels}", "in_channels")
        self.out_channels = whole_number(out_channels, "{out_channels}", "out_channels")
        self.geometry = _geometry(self.n_axes, kernel_size, stride, padding, dilation, groups)
        self.padding = padding  # as it was given
        self.padding_mode = choice(padding_mode, "padding mode", "padding_mode", ("zeros",))
        for channels_name, n_channels in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if n_channels % self.geometry.groups:
                raise InputError(
                    f"{{groups}} must divide {{{channels_name}}}, got {self.geometry.groups} and {n_channels}",
                    "groups",
                    channels_name,
                )
        super().__init__(
            (*self.geometry.kernel_size, self.in_channels // self.geometry.groups, self.out_channels),
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
        """Raise InputError for an input with other axes or channels, or smaller than the kernel."""
        n_axes, geometry = self.n_axes, self.geometry
        if x.shape.rank is None:
            return
        if x.shape.rank <= n_axes:
            raise InputError(f"layer {self.name} takes inputs (..., {_AXES[n_axes]}), got shape {tuple(x.shape)}")
        n_channels, *space = x.shape[-n_axes - 1 :]
        if n_channels not in (None, self.in_channels):
            raise InputError(
                f"layer {self.name} was made for {self.in_channels} channels, got {n_channels} in the shape {tuple(x.shape)}"
            )
        for axis, length in enumerate(space):
            if length is not None and geometry.padded_length(axis, length) < geometry.spans[axis]:
                raise InputError(
                    f"layer {self.name} has a kernel that spans {geometry.spans[axis]} along axis {axis - n_axes}, where the "
                    f"input has {geometry.padded_length(axis, length)} with its padding"
                )

    def product(self, x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        """The cross-correlation, with all leading axes merged meanwhile."""
        y = cross_correlation(self._merged(x), weight, self.geometry)
        return tf.reshape(y, self._shape_out(x))

    def change(self, pre: tf.Tensor, post: tf.Tensor) -> tf.Tensor:
        """See `weight_change`."""
        weight = tf.cast(self.weight, pre.dtype)
        return kernel_slope(self._merged(pre), weight, self.geometry, self._merged(post))

    def zeros(self, x: tf.Tensor) -> tf.Tensor:
        """Zeros (..., out_channels, *space_out)."""
        return tf.zeros(self._shape_out(x), x.dtype)

    def along_features(self, bias: tf.Tensor) -> tf.Tensor:
        """The bias (out_channels, 1, ...)."""
        return tf.reshape(bias, [-1, *[1] * self.n_axes])

    def _merged(self, x: tf.Tensor) -> tf.Tensor:
        """(B, C, *space) of any leading axes, none included."""
        return tf.reshape(x, [-1, *lengths(x)[-self.n_axes - 1 :]])

    def _shape_out(self, x: tf.Tensor) -> list[Any]:
        shape = lengths(x)
        leading, space = shape[: -self.n_axes - 1], shape[-self.n_axes :]
        return [*leading, self.out_channels, *(self.geometry.length_out(axis, n) for axis, n in enumerate(space))]

    def get_config(self) -> dict[str, Any]:
        """Configuration from which Keras makes the layer anew."""
        geometry = self.geometry
        own = {
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "kernel_size": list(geometry.kernel_size),
            "stride": list(geometry.stride),
            "padding": self.padding if isinstance(self.padding, str) else [before for before, _ in geometry.padding],
            "dilation": list(geometry.dilation),
            "groups": geometry.groups,
            "padding_mode": self.padding_mode,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv1dSynapseConn(ConvSynapseConn):
    """A kernel over sequences: cross-correlation of (..., C, L) to (..., C_out, L_out), as PyTorch's Conv1d.

    L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1. The attribute `weight` is
    (kernel_size, C / groups, C_out); `published_weight()` is (C_out, C / groups, kernel_size).

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.convolutions import Conv1dSynapseConn
    >>> Conv1dSynapseConn(2, 4, 3, stride=2, padding=1, seed=1)(np.ones((5, 2, 8), "f4")).shape
    TensorShape([5, 4, 4])
    """

    n_axes = 1


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv2dSynapseConn(ConvSynapseConn):
    """A kernel over images: cross-correlation of (..., C, H, W) to (..., C_out, H_out, W_out), as PyTorch's Conv2d.

    Lengths as in `Conv1dSynapseConn`. The attribute `weight` is (*kernel_size, C / groups, C_out); `published_weight()` is
    (C_out, C / groups, *kernel_size).

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.convolutions import Conv2dSynapseConn
    >>> Conv2dSynapseConn(3, 24, 2, seed=1)(np.ones((5, 3, 4, 5), "f4")).shape
    TensorShape([5, 24, 3, 4])
    """

    n_axes = 2


@keras.saving.register_keras_serializable(PACKAGE)
@public()
@documented
class Conv3dSynapseConn(ConvSynapseConn):
    """A kernel over volumes: cross-correlation of (..., C, D, H, W) to (..., C_out, D_out, H_out, W_out), as in PyTorch.

    Lengths as in `Conv1dSynapseConn`. The attribute `weight` is (*kernel_size, C / groups, C_out); `published_weight()` is
    (C_out, C / groups, *kernel_size).

    {parameters}

    Raises
    ------
    InputError
        For an option, or an input, that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.dendrites.convolutions import Conv3dSynapseConn
    >>> Conv3dSynapseConn(1, 2, (1, 2, 2), seed=1)(np.ones((5, 1, 3, 3, 3), "f4")).shape
    TensorShape([5, 2, 3, 2, 2])
    """

    n_axes = 3


def _geometry(
    n_axes: int, kernel_size: PerAxis, stride: PerAxis, padding: PerAxis | str, dilation: PerAxis, groups: int
) -> Geometry:
    """The options, checked. Raises InputError."""
    kernel = _per_axis(kernel_size, n_axes, "kernel_size")
    strides, dilations = _per_axis(stride, n_axes, "stride"), _per_axis(dilation, n_axes, "dilation")
    if isinstance(padding, str):
        both_sides = _named_padding(padding, kernel, strides, dilations)
    else:
        both_sides = tuple((zeros, zeros) for zeros in _per_axis(padding, n_axes, "padding", least=0))
    return Geometry(kernel, strides, both_sides, dilations, whole_number(groups, "{groups}", "groups"))


def _named_padding(
    padding: str, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    if choice(padding, "padding", "padding", ("same", "valid")) == "valid":
        return ((0, 0),) * len(kernel)
    if set(strides) != {1}:
        raise InputError(f"{{padding}} 'same' needs a {{stride}} of 1, got {shown(strides)}", "padding", "stride")
    totals = [dilation * (size - 1) for size, dilation in zip(kernel, dilations, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _per_axis(value: PerAxis, n_axes: int, name: str, least: int = 1) -> tuple[int, ...]:
    """One whole number per axis, of one for all or a sequence. Raises InputError."""
    values = [value] * n_axes if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
    if len(values) != n_axes:
        raise InputError(f"{{{name}}} must be a whole number, or {n_axes} of them, got {shown(value)}", name)
    return tuple(whole_number(one, f"{{{name}}}", name, least) for one in values)
