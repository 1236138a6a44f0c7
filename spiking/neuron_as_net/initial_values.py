"""Initial values of weights, each drawn from the seed and the number of its layer."""

from rate2spike.errors import InputError
from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.seeding import Role, generator


def normal(sd: float, seed: int, key: int, mean: float = 0.0) -> keras.initializers.Initializer:
    """Normal with this SD, cut at two of them, as Keras has it; constant for an SD of 0."""
    if not sd:
        return constant(mean)
    return keras.initializers.TruncatedNormal(mean=mean, stddev=sd, seed=_seed_of(seed, key))


def constant(value: float) -> keras.initializers.Initializer:
    """The same everywhere."""
    return keras.initializers.Constant(value)


def linear_layer(seed: int, key: int) -> keras.initializers.Initializer:
    """Uniform within one over the root of the number of inputs, on both sides of 0."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=_seed_of(seed, key))


def sd_or_named(given: float | str, seed: int, key: int) -> keras.initializers.Initializer:
    """By the SD, or by the name that an initialiser has in Keras, such as `he_normal`."""
    if not isinstance(given, str):
        return normal(given, seed, key)
    found = named(given)
    return type(found)(seed=_seed_of(seed, key)) if hasattr(found, "seed") else found


def named(name: str) -> keras.initializers.Initializer:
    """The initialiser of Keras. Raises InputError if there is none of this name."""
    try:
        return keras.initializers.get(name)
    except ValueError:
        raise InputError(
            f"{{initial_weights}} must be standard deviations, or names of Keras such as he_normal; got {name!r}",
            "initial_weights",
        ) from None


def _seed_of(seed: int, key: int) -> int:
    return int(generator(seed, Role.INITIAL_WEIGHTS, key).integers(2**31))
