"""The convolutional network in Keras: causal convolution, activation, batch normalisation, layer after layer; then heads."""

from rate2spike.machine.keras_on_tensorflow import float32_by_default, keras, tf
from rate2spike.spiking.neuron_as_net.activations import activation_layer
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.heads import outputs_of
from rate2spike.spiking.neuron_as_net.initial_values import constant, sd_or_named

RMS_EPSILON = 1e-5


def convolutional_model(architecture: ConvolutionalArchitecture, seed: int) -> keras.Model:
    """The network: (B, T, n_synapses) to a dict of outputs (B, T, n), for any T.

    Layers have the published names: layer_k and layer_k_BN, k from 1, and those of the heads.
    """
    with float32_by_default():
        inputs = hidden = keras.Input((None, architecture.n_synapses), dtype="float32", name="input_layer")
        for k in range(architecture.depth):
            hidden = _hidden_layer(architecture, k, seed, hidden)
        return keras.Model(inputs, outputs_of(architecture.heads, hidden, seed), name=architecture.kind.lower())


def after_first_layer(model: keras.Model, first: str = "layer_1") -> keras.Model:
    """What comes after the first layer, with the same variables: (B, T, N) to the outputs."""
    return keras.Model(model.get_layer(first).output, model.output, name="after_first_layer")


def _hidden_layer(architecture: ConvolutionalArchitecture, k: int, seed: int, x: tf.Tensor) -> tf.Tensor:
    name, penalty = f"layer_{k + 1}", architecture.l2[k]
    convolution = keras.layers.Conv1D(
        architecture.widths[k],
        architecture.filter_lengths_ms[k],
        padding="causal",
        kernel_initializer=sd_or_named(architecture.initial_weights[k], seed, k),
        bias_initializer=constant(architecture.initial_bias),
        kernel_regularizer=keras.regularizers.L2(penalty) if penalty else None,
        name=name,
    )
    activation = activation_layer(architecture.activations[k], f"{name}_activation")
    x = convolution(x)
    if architecture.normalisation == "rms":
        return activation(keras.layers.RMSNormalization(epsilon=RMS_EPSILON, name=f"{name}_RMS")(x))
    if architecture.normalisation == "none":
        return activation(x)
    return keras.layers.BatchNormalization(name=f"{name}_BN")(activation(x))
