"""Every random draw comes from a seed, a role and integer keys, never from a global generator or call order."""

import logging
import secrets
from enum import IntEnum

import numpy as np

from rate2spike.checks import shown
from rate2spike.errors import InputError

# The seed is stored in .mat files as a double, which holds integers exactly up to here.
SEED_LIMIT = 2**53


class Role(IntEnum):
    """What a draw is for. Search and evaluation differ so that no factor is scored on the trials that chose it."""

    INITIAL_WEIGHTS = 0
    TRAINING = 1
    VALIDATION = 2
    SEARCH = 3
    EVALUATION = 4
    SIMULATION = 5
    FIGURE = 6
    MANIPULATION = 7
    ANALYSIS = 8
    EVENTS = 9
    SYNAPTIC_INPUT = 10
    SYNAPTIC_EVENTS = 11
    STIMULATED_CLUSTERS = 12
    TUNING = 13


def resolve_seed(seed: int | None) -> int:
    """Return `seed`, or draw one from the operating system. Raises InputError outside [0, 2**53)."""
    if seed is None:
        drawn = secrets.randbits(32)
        logging.getLogger("rate2spike").info("seed drawn: %d", drawn)
        return drawn
    is_whole = isinstance(seed, int | float | np.integer) and not isinstance(seed, bool) and seed % 1 == 0
    if not is_whole or not 0 <= seed < SEED_LIMIT:
        raise InputError(f"seed must be a whole number from 0 to 2**53 - 1, got {shown(seed)}")
    return int(seed)


def generator(seed: int, role: Role, *keys: int) -> np.random.Generator:
    """Independent generator for (seed, role, keys)."""
    return np.random.default_rng(_sequence(seed, role, keys))


def key64(seed: int, role: Role, *keys: int) -> np.uint64:
    """64-bit key for (seed, role, keys), for generators that live in a kernel."""
    return _sequence(seed, role, keys).generate_state(1, np.uint64)[0]


def float_key(value: float) -> int:
    """Integer key of a float: its bits, so that 25 and 25.0 give one stream and 25.1 another."""
    return int(np.float64(value).view(np.uint64))


def _sequence(seed: int, role: Role, keys: tuple[int, ...]) -> np.random.SeedSequence:
    return np.random.SeedSequence([int(seed), int(role), *(int(k) for k in keys)])
