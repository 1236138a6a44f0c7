"""Small things to tune: a task of 0.3 s, and rate networks of 20 units that solve it and whose spiking networks may not."""

from dataclasses import dataclass

import numpy as np

from rate2spike.rate.noise_free import rate_trajectory
from rate2spike.rate.task import Task, Trial

from helpers import small_model

TOY_FACTOR = 4.0  # of scaling: at which the toy network fails


@dataclass(frozen=True)
class Side(Task):
    """Say which sign the input has."""

    name = "side"
    n_inputs = 1
    n_steps: int = 60
    window_start = 30
    least: float = 0.5
    inverted: bool = False

    def trial(self, rng):
        label = int(rng.integers(2)) * 2 - 1
        stimulus, target = np.zeros((1, self.n_steps)), np.zeros(self.n_steps)
        stimulus[0, 10:], target[15:] = label, label
        return Trial(self, label, stimulus, target)

    def is_correct(self, window, label, *, spiking):
        sign = -label if self.inverted else label
        return bool(sign * window.mean() > self.least and np.abs(window).max() < 4)


def toy_model(n_units=20, strength=0.6, density=1.0, ridge=1e-4, seed=0, **changes):
    """A rate network whose output weights solve `Side`; its recurrent weights are random."""
    rng = np.random.default_rng(seed)
    model = small_model(n_units=n_units, seed=seed, dtype=np.float32, **changes)
    w = model.w_rec * np.float32(strength)
    mask = model.connection_mask * (rng.random((n_units, n_units)) < density)
    model = small_model(
        n_units=n_units, seed=seed, **changes | {"w_rec": w, "connection_mask": mask.astype(np.float32)}
    )
    task = Side()
    trials = [task.draw(k) for k in range(10)]
    _, rates = rate_trajectory(model, np.array([trial.u for trial in trials]))
    r = rates[:, :, 20:].transpose(0, 2, 1).reshape(-1, n_units).astype(float)
    y = np.array([trial.target[20:] for trial in trials]).ravel()
    gram = r.T @ r
    w_out = np.linalg.solve(gram + ridge * np.trace(gram) * np.eye(n_units), r.T @ y)[None]
    return small_model(
        n_units=n_units, seed=seed,
        **changes | {"w_rec": w, "connection_mask": mask.astype(np.float32), "w_out": w_out.astype(np.float32)},
    )  # fmt: skip
