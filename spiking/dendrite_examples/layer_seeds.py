"""A seed for each layer of a network, so that no layer begins with the numbers of another."""

from rate2spike.seeding import Role, key64

_BITS = 52  # all of them are seeds


def layer_seeds(seed: int, n_layers: int) -> tuple[int, ...]:
    """Seeds of the layers, which follow from that of the network."""
    return tuple(int(key64(seed, Role.INITIAL_WEIGHTS, k)) >> (64 - _BITS) for k in range(n_layers))
