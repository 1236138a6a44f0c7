"""A made-up spoken word: spikes along three tracks through the channels, which are the class, over a background."""

import numpy as np

from rate2spike.seeding import Role, generator

N_CHANNELS = 700
N_TRACKS = 3
TRACK_MS = 200.0
ONSET_MS = 60.0  # tracks start from 0 to here
TRACK_SPIKES, BACKGROUND_SPIKES = 120, 60  # means


def utterance(label: int, number: int, is_test: int, seed: int, template_seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) float16 times in s, not decreasing, and (n,) uint16 channels of one recording of a class."""
    starts, ends, onsets_ms = _template(label, template_seed)
    rng = generator(seed, Role.EVENTS, 1, is_test, label, number)
    warp, shift = rng.uniform(0.9, 1.1), rng.normal(0, 5)
    track = np.repeat(np.arange(N_TRACKS), rng.poisson(TRACK_SPIKES, N_TRACKS))
    phase = rng.random(track.size)
    t_ms = (onsets_ms[track] + TRACK_MS * phase) * warp + rng.normal(0, 3, track.size)
    channel = starts[track] + (ends - starts)[track] * phase + shift + rng.normal(0, 8, track.size)
    n_background = rng.poisson(BACKGROUND_SPIKES)
    t_ms = np.concatenate([t_ms, rng.uniform(0, (onsets_ms.max() + TRACK_MS) * warp, n_background)])
    channel = np.concatenate([channel, rng.uniform(0, N_CHANNELS, n_background)])
    t_s = (np.maximum(t_ms, 0) / 1000).astype(np.float16)
    order = np.argsort(t_s, kind="stable")
    return t_s[order], np.clip(channel, 0, N_CHANNELS - 1).astype(np.uint16)[order]


def _template(label: int, template_seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last channel and onset (ms) of each track, (3,) each."""
    rng = generator(template_seed, Role.EVENTS, 0, label)
    starts, ends = rng.uniform(0.07 * N_CHANNELS, 0.93 * N_CHANNELS, (2, N_TRACKS))
    return starts, ends, rng.uniform(0, ONSET_MS, N_TRACKS)
