"""What is diagnosed: a spiking network beside the rate network that it was made of, and what it is at other factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from typing import Any

from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.rate.model_task import path_of, task_of_model
from rate2spike.rate.task import Task
from rate2spike.spiking.scoring.given_network import checked_task, searched_network
from rate2spike.spiking.scoring.network_options import NetworkOptions
from rate2spike.spiking.search.shared_trials import NetworkAt
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import TrainedModel

Model = TrainedModel | str | PathLike


@dataclass(frozen=True)
class Subject:
    """Both networks, their task, and the spiking network at any factor."""

    model: TrainedModel
    task: Task
    network: SpikingNetwork
    at: NetworkAt
    seed: int
    initial_weights: bool = False  # the untrained weights, on the rate side too


def subject_made(
    model: Model,
    task: Task | str | None,
    scaling_factor: float | None,
    seed: int,
    options: Any,
    given: Mapping[str, Any],
) -> Subject:
    """The network made as options say, or as it was searched but for what is given. Raises InputError."""
    path, model = path_of(model), _rate_network(model)
    task = task_of_model(model, path, task)
    if options is None:
        options = searched_network(model, given)
    elif given:
        raise InputError("give {options} or single settings, not both", "options")
    elif not isinstance(options, NetworkOptions):
        raise InputError(f"{{options}} must be NetworkOptions, got {shown(options)}", "options")
    network = options.network(model, scaling_factor, seed)
    at = partial(_network_at, options, model, seed)
    return Subject(model, checked_task(task, network), network, at, seed, options.initial_weights)


def subject_given(
    network: SpikingNetwork, model: Model, task: Task | str | None, seed: int, unused: Sequence[str]
) -> Subject:
    """A network that is there already. unused: settings given that cannot count. Raises InputError."""
    if not isinstance(network, SpikingNetwork):
        raise InputError(f"{{network}} must be a SpikingNetwork, got {type(network).__name__}", "network")
    if unused:
        raise InputError(f"{', '.join(unused)}: not beside a {{network}}, which is as it was made", "network")
    path, model = path_of(model), _rate_network(model)
    if network.n_units != model.n_units:
        raise InputError(f"the {{network}} has {network.n_units} units, the model {model.n_units}", "network")
    task = task_of_model(model, path, task)
    return Subject(model, checked_task(task, network), network, partial(rescaled, network), seed)


def rescaled(network: SpikingNetwork, factor: float) -> SpikingNetwork:
    """The network at another scaling factor, with all that was done to it; what dendrites pass on, in mV, is not scaled."""
    w = network.w * network.w.dtype.type(network.scaling_factor / factor)
    return replace(network, w=w, scaling_factor=factor)


def _rate_network(model: Any) -> TrainedModel:
    if isinstance(model, SpikingNetwork):
        how = "diagnose(model, task, network=...)"
        raise InputError(f"{{model}} must be the rate network that the spiking one is compared with: {how}", "model")
    return as_model(model)


def _network_at(options: NetworkOptions, model: TrainedModel, seed: int, factor: float) -> SpikingNetwork:
    return options.network(model, factor, seed)
