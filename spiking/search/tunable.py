"""Which networks can be tuned: asked by tuning, and by all who point to it."""

import shlex
from pathlib import Path

from rate2spike.errors import InputError
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import SEARCHED_NETWORK, LIFParams
from rate2spike.trained_model import TrainedModel


def check_tunable(model: TrainedModel) -> None:
    """Raise InputError for a model whose network is not tuned."""
    if model.dendrites is not None:
        raise InputError("tuning is for networks of points: this model's units have dendrites")
    if SEARCHED_NETWORK in model.settings or not isinstance(SpikingNetwork.from_model(model, 1.0).params, LIFParams):
        raise InputError(
            "tuning is for the published network of lif neurons: this model is of others, or was searched so"
        )
    if model.per_unit("input_tau_s") is not None or model.settings.get("dt_s") is not None:
        raise InputError("tuning is for rate networks that were trained: this model is an imported spiking network")


def would_be_tuned(network: SpikingNetwork, model: TrainedModel) -> bool:
    """Whether this is the very network that tuning would begin with, and was not tuned before."""
    try:
        check_tunable(model)
    except InputError:
        return False
    return not model.is_tuned and network == SpikingNetwork.from_model(model, network.scaling_factor)


def tune_command(file: Path) -> str:
    """What to type in a terminal to tune a network."""
    return f"rate2spike tune {shlex.quote(str(file))}"
