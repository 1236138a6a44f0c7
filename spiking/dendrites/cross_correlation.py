"""Cross-correlation along 1, 2 or 3 axes, channels first, as PyTorch's convolutions; on a CPU in every dtype.

TensorFlow's own convolutions want the channels last on a CPU, and there lack dilation and groups, or their gradients, in some
dtypes. So the kernel is dilated with zeros, and channels are split into their groups.
"""

from dataclasses import dataclass

from rate2spike.machine.keras_on_tensorflow import tf


@dataclass(frozen=True)
class Geometry:
    """How a kernel goes over its input, per axis; padding is (before, after)."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1

    @property
    def n_axes(self) -> int:
        """1, 2 or 3."""
        return len(self.kernel_size)

    @property
    def spans(self) -> tuple[int, ...]:
        """Length of the dilated kernel."""
        return tuple(dilation * (size - 1) + 1 for size, dilation in zip(self.kernel_size, self.dilation, strict=True))

    def padded_length(self, axis: int, length: int) -> int:
        """Of an input, or of a tensor's axis."""
        return length + sum(self.padding[axis])

    def length_out(self, axis: int, length: int) -> int:
        """floor((length + padding - span) / stride) + 1."""
        return (self.padded_length(axis, length) - self.spans[axis]) // self.stride[axis] + 1


def cross_correlation(x: tf.Tensor, kernel: tf.Tensor, geometry: Geometry) -> tf.Tensor:
    """(B, C_out, *space_out) of x (B, C, *space) and kernel (*kernel_size, C / groups, C_out)."""
    n_axes, groups = geometry.n_axes, geometry.groups
    x = tf.transpose(x, [0, *range(2, n_axes + 2), 1])
    if any(map(any, geometry.padding)):
        x = tf.pad(x, [(0, 0), *geometry.padding, (0, 0)])
    kernel = _dilated(kernel, geometry.dilation)
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True) if groups > 1 else [(x, kernel)]
    layout = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[n_axes]  # without which Conv3D has no gradient
    outputs = [tf.nn.convolution(part, its_kernel, geometry.stride, "VALID", layout) for part, its_kernel in parts]
    y = tf.concat(outputs, -1) if groups > 1 else outputs[0]
    return tf.transpose(y, [0, n_axes + 1, *range(1, n_axes + 1)])


def kernel_slope(x: tf.Tensor, kernel: tf.Tensor, geometry: Geometry, d_outputs: tf.Tensor) -> tf.Tensor:
    """Slope of Σ d_outputs · cross_correlation(x, kernel) in the kernel, in its shape."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(kernel)
        y = cross_correlation(x, kernel, geometry)
    return tape.gradient(y, kernel, output_gradients=d_outputs)


def _dilated(kernel: tf.Tensor, dilation: tuple[int, ...]) -> tf.Tensor:
    """The kernel with dilation - 1 zeros between neighbours."""
    for axis, distance in enumerate(dilation):
        if distance > 1:
            shape = kernel.shape.as_list()
            spread = tf.expand_dims(kernel, axis + 1)
            spread = tf.pad(spread, [(0, distance - 1 if at == axis + 1 else 0) for at in range(len(shape) + 1)])
            spread = tf.reshape(spread, [*shape[:axis], shape[axis] * distance, *shape[axis + 1 :]])
            kernel = spread[(*[slice(None)] * axis, slice(distance * (shape[axis] - 1) + 1))]
    return kernel
