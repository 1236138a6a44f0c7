"""Every unusable setting is refused with a line that names value and field."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.recipes import recipe
from rate2spike.rate.tasks import TASKS


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "dance"}, "unknown task 'dance'"),
        ({"activation": "relu6"}, "unknown activation 'relu6': choose from sigmoid, clipped_relu, softplus"),
        ({"loss": "l3"}, "unknown loss function 'l3': choose from l1, l2"),
        ({"weight_distribution": "cauchy"}, "unknown weight distribution"),
        ({"n_units": 0}, "n_units"),
        ({"n_units": -3}, "n_units"),
        ({"n_units": 2.5}, "n_units"),
        ({"n_units": "20"}, "n_units"),
        ({"tau_steps": "ab"}, "time constants must be numbers"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"n_updates": 0}, "n_updates"),
        ({"batch_size": 0}, "batch_size"),
        ({"p_inh": 1.2}, r"from 0 to 1, got 1.2 \(p_inh\)"),
        ({"p_inh": float("nan")}, "p_inh"),
        ({"p_rec": 0.0}, "p_rec"),
        ({"gain": -1.0}, "gain"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"n_som": -1}, "n_som"),
        ({"n_som": 5, "apply_dale": False}, "n_som needs apply_dale True"),
        ({"n_som": 300}, "n_som 300 exceeds"),
        ({"n_som": 1, "p_inh": 0.0}, "n_som 1 exceeds"),
        ({"tau_steps": (20, 4)}, "smaller time constant must come first"),
        ({"tau_steps": (4, 4)}, "smaller time constant must come first"),
        ({"tau_steps": (0.5, 4)}, "at least 1 step"),
        ({"tau_steps": (1, 2, 3)}, "one time constant or two"),
        ({"tau_steps": (float("nan"),)}, "at least 1 step"),
    ],
)
def test_unusable_settings(settings, message):
    with pytest.raises(InputError, match=message):
        TrainConfig(**settings)


def test_names_are_brought_to_their_usual_form():
    config = TrainConfig(task="GO_NOGO", activation="Sigmoid", loss="L1", tau_steps=7)
    assert (config.task.name, config.activation, config.loss, config.tau_steps) == ("go-nogo", "sigmoid", "l1", (7.0,))
    assert config.has_fixed_tau
    assert TrainConfig(tau_steps=np.array([4, 20]), n_units=20.0).tau_steps == (4.0, 20.0)


def test_a_threshold_may_be_infinite_and_nothing_else():
    assert TrainConfig(loss_threshold=float("inf")).loss_threshold == float("inf")
    for settings in ({"gain": float("inf")}, {"loss_threshold": float("nan")}):
        with pytest.raises(InputError, match=next(iter(settings))):
            TrainConfig(**settings)


def test_every_task_has_a_recipe():
    assert {recipe(name).task.name for name in TASKS} == set(TASKS)
