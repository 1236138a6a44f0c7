"""The optimiser of a fit."""

from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.spiking.neuron_as_net.fit_options import FitOptions


def optimizer_of(options: FitOptions, model: keras.Model) -> keras.optimizers.Optimizer:
    """The rule that the options name, for the weights of a model."""
    if options.optimizer == "nadam":
        rule = keras.optimizers.Nadam(global_clipnorm=options.clip_norm)
    else:
        rule = keras.optimizers.AdamW(weight_decay=options.weight_decay, global_clipnorm=options.clip_norm)
    rule.build(model.trainable_variables)
    return rule
