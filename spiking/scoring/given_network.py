"""What users give to be scored: a spiking network, or a model (or its path) that one is made of; and the task."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import as_model
from rate2spike.rate import tasks
from rate2spike.rate.model_task import checked_task_name, path_of, task_of_model
from rate2spike.rate.task import Task
from rate2spike.spiking.scoring.network_options import NetworkOptions, as_searched
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import TrainedModel


def network_and_task(
    given: SpikingNetwork | TrainedModel | str | PathLike,
    task: Task | str | None,
    scaling_factor: float | None,
    seed: int,
    made_with: Mapping[str, Any],
) -> tuple[SpikingNetwork, Task]:
    """A network as it is; of a model the one that was searched, but for what is given in made_with. Raises InputError."""
    if isinstance(given, SpikingNetwork):
        unused = [*made_with, *(() if scaling_factor is None else ("scaling_factor",))]
        if unused:
            raise InputError(f"{', '.join(unused)}: for a model alone; a network is as it was made", "network")
        if task is None:
            raise InputError(f"a network does not know its task: give {{task}} ({', '.join(tasks.TASKS)})", "task")
        return given, checked_task(task, given)
    if not isinstance(given, TrainedModel | str | PathLike):
        expected = "a SpikingNetwork, a TrainedModel or the path of a model file"
        raise InputError(f"{{network}} must be {expected}, got {type(given).__name__}", "network")
    path, model = path_of(given), as_model(given)
    task = task_of_model(model, path, task)
    network = searched_network(model, made_with).network(model, scaling_factor, seed)
    return network, task


def searched_network(model: TrainedModel, made_with: Mapping[str, Any]) -> NetworkOptions:
    """`as_searched`, with a warning of constants that are probably in another unit. Raises InputError."""
    if "neuron_options" in made_with:
        NetworkOptions(**made_with).warn_of_units(model)
    return as_searched(model, made_with)


def checked_task(task: Task | str, network: SpikingNetwork) -> Task:
    """The task object. Raises InputError if it does not fit the network."""
    checked_task_name(task)
    task = tasks.get(task) if isinstance(task, str) else task
    if network.w_in.shape[1] != task.n_inputs:
        raise InputError(f"task {task.name} has {task.n_inputs} input(s), the network has {network.w_in.shape[1]}")
    if network.n_outputs != task.n_outputs:
        raise InputError(f"task {task.name} has {task.n_outputs} output(s), the network has {network.n_outputs}")
    return task
