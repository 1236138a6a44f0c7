"""Names of the forms that layers offer, and their checks. No TensorFlow here: a command asks before it loads it."""

from rate2spike.checks import Range, choice, number

POSITIVE_32 = Range(least=1.2e-38)  # below, float32 has no full precision
SURROGATES = ("triangle", "super", "gaussian", "sigmoid")
RESETS = ("subtraction", "zero", "none")
INTERACTIONS = ("relu_mult", "tanh_mult", "add", "relu_add", "tanh_add")


def check_surrogate(kind: str, scale: float) -> str:
    """The kind. Raises InputError for an unknown one or a scale that is not positive."""
    number(scale, "the surrogate's scale", "surrogate_scale", POSITIVE_32)
    return choice(kind, "surrogate", "surrogate", SURROGATES)


def check_reset(kind: str) -> str:
    """The kind. Raises InputError for an unknown one."""
    return choice(kind, "reset", "reset", RESETS)


def check_interaction(kind: str) -> str:
    """The form. Raises InputError for an unknown one."""
    return choice(kind, "interaction", "interaction", INTERACTIONS)
