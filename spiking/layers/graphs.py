"""Which graph a tensor belongs to: what a compiled function leaves behind does not exist outside of it."""

from typing import Any

from rate2spike.machine.keras_on_tensorflow import tf


def graph_here() -> Any:
    """The graph that is being built; None where code runs at once."""
    return tf.compat.v1.get_default_graph() if tf.inside_function() else None


def is_from_here(tensors: Any) -> bool:
    """Whether a tensor, or all of a nest, belong to what runs now."""
    here = graph_here()
    return all((one.graph if tf.is_symbolic_tensor(one) else None) is here for one in tf.nest.flatten(tensors))
