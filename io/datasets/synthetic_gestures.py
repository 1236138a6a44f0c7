"""A made-up gesture before an event camera: a blob on an ellipse or a figure of eight, which is the class."""

from dataclasses import dataclass

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.seeding import Role, generator

SIZE = 128  # pixels
EVENTS_PER_MS = 45
SCATTER_PX = 5.0
BACKGROUND = 0.1  # part of the events that lie anywhere
TURN_MS = 300.0


@dataclass(frozen=True, eq=False)
class _Path:
    """Where the blob of a class goes; pixels and radians."""

    centre: np.ndarray  # (2,) x, y
    radii: np.ndarray  # (2,)
    direction: int  # 1 or -1
    bright_side: float  # direction in which the blob's events are bright, the others are dark
    is_eight: bool

    def at(self, angle: np.ndarray) -> np.ndarray:
        """(n, 2) positions."""
        y_angle = 2 * angle if self.is_eight else angle
        return self.centre + self.radii * np.stack([np.cos(angle), np.sin(y_angle)], 1)


@one_blas_thread()
def gesture(label: int, user: int, seed: int, template_seed: int, duration_ms: int) -> np.ndarray:
    """(n, 4) int32 columns x, y, polarity, t in ms of one user's gesture, in order of time."""
    path = _path(label, template_seed)
    rng = generator(seed, Role.EVENTS, 1, label, user)
    speed, first, shift = rng.uniform(0.9, 1.1), rng.uniform(0, np.pi / 2), rng.normal(0, 2, 2)
    t_ms = np.repeat(np.arange(duration_ms), rng.poisson(EVENTS_PER_MS, duration_ms))
    angle = first + path.direction * 2 * np.pi * speed * np.arange(duration_ms) / TURN_MS
    scatter = rng.normal(0, SCATTER_PX, (t_ms.size, 2))
    position = (path.at(angle) + shift)[t_ms] + scatter
    polarity = scatter @ [np.cos(path.bright_side), np.sin(path.bright_side)] > 0
    anywhere = rng.random(t_ms.size) < BACKGROUND
    position[anywhere] = rng.uniform(0, SIZE, (anywhere.sum(), 2))
    polarity[anywhere] = rng.random(anywhere.sum()) < 0.5
    pixels = np.clip(position, 0, SIZE - 1)
    return np.column_stack([pixels, polarity, t_ms]).astype(np.int32)


def _path(label: int, template_seed: int) -> _Path:
    rng = generator(template_seed, Role.EVENTS, 0, label)
    return _Path(
        centre=rng.uniform(35, 93, 2),
        radii=rng.uniform(5, 30, 2),
        direction=1 if rng.random() < 0.5 else -1,
        bright_side=rng.uniform(0, 2 * np.pi),
        is_eight=bool(label % 2),
    )
