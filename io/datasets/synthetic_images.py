"""Made-up images of the shape of MNIST: in each class a sign of three strokes, everybody's hand a little different."""

import numpy as np

from rate2spike.checks import whole_number
from rate2spike.io.datasets.idx_images import N_CLASSES, SIDE, LabelledImages
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.seeding import Role, generator

N_STROKES = 3
SHIFT_PX, TURN_RAD, JITTER_PX = 1.5, 0.15, 1.2  # SDs: of a whole sign, of a sign, of each end of a stroke
HALF_WIDTH_PX = (0.9, 1.7)  # of strokes
NOISE = 0.08  # SD, of every pixel
_SIGNS_SEED = 8  # the signs are the same for all seeds
_KEY = 28  # tells these draws from others of Role.EVENTS
_AT_ONCE = 1000  # images, whose distances are in memory


@one_blas_thread()
def synthetic_images(n_images: int, seed: int, split: str = "train") -> LabelledImages:
    """Images of ten signs, in equal numbers if there are enough; the split, 'train' or 'test', decides about the hands.

    The first images do not depend on how many follow. Raises InputError.
    """
    whole_number(n_images, "number of images", "n_images")
    of_split = int(split == "test")
    labels = np.arange(n_images) % N_CLASSES
    ends = _signs()[labels]  # (n, 3 strokes, 2 ends, 2), px from the middle
    hands = [generator(seed, Role.EVENTS, _KEY, of_split, k) for k in range(-(-n_images // _AT_ONCE))]
    parts = [_drawn(ends[k * _AT_ONCE : (k + 1) * _AT_ONCE], rng) for k, rng in enumerate(hands)]
    return LabelledImages(np.concatenate(parts), labels, f"made from seed {seed}")


def _signs() -> np.ndarray:
    """(10, 3, 2, 2) ends of the strokes, px from the middle: long ones, in directions and places of their own."""
    rng = generator(_SIGNS_SEED, Role.EVENTS, _KEY, 2)
    middles = rng.uniform(-4.5, 4.5, (N_CLASSES, N_STROKES, 1, 2))
    angles = rng.uniform(0, np.pi, (N_CLASSES, N_STROKES))
    half = rng.uniform(4.0, 7.0, (N_CLASSES, N_STROKES, 1)) * np.stack([np.cos(angles), np.sin(angles)], -1)
    return middles + np.stack([-half, half], 2)


def _drawn(ends: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 28, 28) uint8: the strokes, each written by another hand."""
    # as many draws as for a full part, so that the first ones are the same
    angle = rng.normal(0, TURN_RAD, _AT_ONCE)[: len(ends)]
    shift = rng.normal(0, SHIFT_PX, (_AT_ONCE, 1, 1, 2))[: len(ends)]
    jitter = rng.normal(0, JITTER_PX, (_AT_ONCE, N_STROKES, 2, 2))[: len(ends)]
    width = rng.uniform(*HALF_WIDTH_PX, (_AT_ONCE, 1, 1, 1))[: len(ends)]
    light = rng.uniform(0.7, 1.0, (_AT_ONCE, 1, 1))[: len(ends)]
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], -1), np.stack([np.sin(angle), np.cos(angle)], -1)], -2)
    written = np.einsum("nij,nsej->nsei", turn, ends) + shift + jitter + (SIDE - 1) / 2
    ink = np.clip(width - _distances(written) + 0.5, 0, 1).max(1)  # (n, 28, 28)
    noise = NOISE * rng.standard_normal((_AT_ONCE, SIDE, SIDE), np.float32)[: len(ends)]
    return np.round(255 * np.clip(light * ink + noise, 0, 1)).astype(np.uint8)


def _distances(ends: np.ndarray) -> np.ndarray:
    """(n, 3, 28, 28): how far each pixel is from each stroke, px."""
    ends = ends.astype(np.float32)
    first, along = ends[:, :, None, None, 0], (ends[:, :, 1] - ends[:, :, 0])[:, :, None, None]
    pixels = np.stack(np.meshgrid(*[np.arange(SIDE, dtype=np.float32)] * 2, indexing="xy"), -1)
    length = np.maximum((along**2).sum(-1), 1e-6)
    place = np.clip(((pixels - first) * along).sum(-1) / length, 0, 1)
    return np.sqrt(((pixels - first - place[..., None] * along) ** 2).sum(-1))
