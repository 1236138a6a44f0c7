"""How apical potential a and somatic current s act together in a CLIF unit: F(s, a), Ferrand et al. 2023.

| name      | F(s, a)        |
|-----------|----------------|
| relu_mult | s max(a, 0)    |
| tanh_mult | s (1 + tanh a) |
| add       | s + a          |
| relu_add  | s + max(a, 0)  |
| tanh_add  | s + tanh a     |
"""

from rate2spike.machine.keras_on_tensorflow import tf
from rate2spike.spiking.layers.choices import check_interaction

_FORMS = {
    "relu_mult": lambda s, a: s * tf.nn.relu(a),
    "tanh_mult": lambda s, a: s * (1 + tf.tanh(a)),
    "add": lambda s, a: s + a,
    "relu_add": lambda s, a: s + tf.nn.relu(a),
    "tanh_add": lambda s, a: s + tf.tanh(a),
}


def interaction(s: tf.Tensor, a: tf.Tensor, kind: str = "relu_mult") -> tf.Tensor:
    """F(s, a). Raises InputError for an unknown form."""
    return _FORMS[check_interaction(kind)](s, a)
