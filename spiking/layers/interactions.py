"""How apical potential a and somatic current s act together in a CLIF unit: F(s, a), Ferrand et al. 2023.

| name      | F(s, a)        |
|-----------|----------------|
| relu_mult | s max(a, 0)    |
| tanh_mult | s (1 + tanh a) |
| add       | s + a          |
| relu_add  | s + max(a, 0)  |
| tanh_add  | s + tanh a     |
"""

import tensorflow as tf

from rate2spike.spiking.layers.choices import INTERACTIONS, check_interaction

_FORMS = dict(
    zip(
        INTERACTIONS,
        (
            lambda s, a: s * tf.nn.relu(a),
            lambda s, a: s * (1 + tf.tanh(a)),
            lambda s, a: s + a,
            lambda s, a: s + tf.nn.relu(a),
            lambda s, a: s + tf.tanh(a),
        ),
        strict=True,
    )
)


def interaction(s: tf.Tensor, a: tf.Tensor, kind: str = "relu_mult") -> tf.Tensor:
    """F(s, a). Raises InputError for an unknown form."""
    check_interaction(kind)
    return _FORMS[kind](s, a)
