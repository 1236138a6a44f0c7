"""rate2spike: train rate recurrent networks, turn them into spiking ones, exchange every file with MATLAB.

`import rate2spike as r2s` is instant: the names below are imported on first use (PEP 562), TensorFlow only by `train`,
`keras_model`, `RateLayer`, the spiking layers, `dendrites`, `plasticity` and `twin`.
"""

from importlib import import_module

from rate2spike.machine import cache_folders
from rate2spike.version import __version__

cache_folders.provide()

TYPE_CHECKING = False  # `typing` would cost a fifth of the time until Ctrl-C is seen to

_HOMES = {
    "InputError": "errors",
    "append": "matlab_compat.matfile",
    "loadmat": "matlab_compat.matfile",
    "savemat": "matlab_compat.matfile",
    "whos": "matlab_compat.matfile",
    "TrainedModel": "trained_model",
    "load_model": "matlab_compat.model_file",
    "save_model": "matlab_compat.model_file",
    "tasks": "rate.tasks",
    "Task": "rate.task",
    "Trial": "rate.task",
    "TrainConfig": "rate.config",
    "recipe": "rate.recipes",
    "train": "rate.train",
    "train_population": "rate.population",
    "keras_model": "rate.keras_model",
    "RateLayer": "rate.keras_model",
    "training_figure": "rate.plots",
    "SpikingNetwork": "spiking.simulator.network",
    "read_nir": "spiking.simulator.nir_network",
    "manipulations": "spiking.simulator.manipulations",
    "exports": "spiking.simulator.exports",
    "LIFParams": "spiking.simulator.params",
    "QIFParams": "spiking.simulator.params",
    "AdLIFParams": "spiking.simulator.params",
    "EIFParams": "spiking.simulator.params",
    "Stimulation": "spiking.simulator.stimulation",
    "SpikeRecord": "spiking.simulator.spike_record",
    "LIF": "spiking.layers.lif",
    "ALIF": "spiking.layers.alif",
    "CLIF": "spiking.layers.clif",
    "LI": "spiking.layers.li",
    "OneCompartment": "spiking.layers.one_compartment",
    "TwoCompartment": "spiking.layers.two_compartment",
    "ParallelSubunits": "spiking.layers.parallel_subunits",
    "CascadeReadout": "spiking.layers.one_compartment",
    "MaxOverTime": "spiking.layers.max_over_time",
    "load_network": "spiking.layers.saved_network",
    "SpikeRateRegularizer": "spiking.layers.regularizers",
    "record_states": "spiking.layers.recorded_states",
    "cascade": "spiking.cascade.single_cells",
    "dendrites": "spiking.dendrites.kit",
    "plasticity": "spiking.plasticity.rules",
    "twin": "spiking.twin_study.kit",
    "memorize": "spiking.cascade_networks.memorize",
    "recognize_digits": "spiking.cascade_networks.recognize_digits",
    "diagnose": "spiking.diagnosis.diagnose",
    "grid_search": "spiking.search.grid",
    "network_table": "spiking.search.network_table",
    "search_files": "spiking.search.search_files",
    "tune": "spiking.tuning.tune",
    "with_search_result": "spiking.search.kept",
    "accuracy": "spiking.scoring.evaluate",
    "evaluate": "spiking.scoring.evaluate",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from rate2spike.errors import InputError
    from rate2spike.matlab_compat.matfile import append, loadmat, savemat, whos
    from rate2spike.matlab_compat.model_file import load_model, save_model
    from rate2spike.rate import tasks
    from rate2spike.rate.config import TrainConfig
    from rate2spike.rate.keras_model import RateLayer, keras_model
    from rate2spike.rate.plots import training_figure
    from rate2spike.rate.population import train_population
    from rate2spike.rate.recipes import recipe
    from rate2spike.rate.task import Task, Trial
    from rate2spike.rate.train import train
    from rate2spike.spiking.cascade import single_cells as cascade
    from rate2spike.spiking.cascade_networks.memorize import memorize
    from rate2spike.spiking.cascade_networks.recognize_digits import recognize_digits
    from rate2spike.spiking.dendrites import kit as dendrites
    from rate2spike.spiking.diagnosis.diagnose import diagnose
    from rate2spike.spiking.layers.alif import ALIF
    from rate2spike.spiking.layers.clif import CLIF
    from rate2spike.spiking.layers.li import LI
    from rate2spike.spiking.layers.lif import LIF
    from rate2spike.spiking.layers.max_over_time import MaxOverTime
    from rate2spike.spiking.layers.one_compartment import CascadeReadout, OneCompartment
    from rate2spike.spiking.layers.parallel_subunits import ParallelSubunits
    from rate2spike.spiking.layers.recorded_states import record_states
    from rate2spike.spiking.layers.regularizers import SpikeRateRegularizer
    from rate2spike.spiking.layers.saved_network import load_network
    from rate2spike.spiking.layers.two_compartment import TwoCompartment
    from rate2spike.spiking.plasticity import rules as plasticity
    from rate2spike.spiking.scoring.evaluate import accuracy, evaluate
    from rate2spike.spiking.search.grid import grid_search
    from rate2spike.spiking.search.kept import with_search_result
    from rate2spike.spiking.search.network_table import network_table
    from rate2spike.spiking.search.search_files import search_files
    from rate2spike.spiking.simulator import exports, manipulations
    from rate2spike.spiking.simulator.network import SpikingNetwork
    from rate2spike.spiking.simulator.nir_network import read_nir
    from rate2spike.spiking.simulator.params import AdLIFParams, EIFParams, LIFParams, QIFParams
    from rate2spike.spiking.simulator.spike_record import SpikeRecord
    from rate2spike.spiking.simulator.stimulation import Stimulation
    from rate2spike.spiking.tuning.tune import tune
    from rate2spike.spiking.twin_study import kit as twin
    from rate2spike.trained_model import TrainedModel


_MODULES = (
    "tasks",
    "manipulations",
    "exports",
    "cascade",
    "dendrites",
    "plasticity",
    "twin",
)  # these names are of whole modules
_OLD_NAMES = {"ALIFParams": "AdLIFParams"}
_OF_MATLAB = {  # what is no name of this package
    "LIF_network_fnc": "SpikingNetwork.from_model(path, factor).run(u)",
    "lambda_grid_search": "search_files(folder)",
    "rate2spike_search": "search_files(folder)",
    "eval_go_nogo": "evaluate(model)",
    "rate2spike_eval_go_nogo": "evaluate(model)",
}


def __getattr__(name: str) -> object:
    if name in _OLD_NAMES:
        from rate2spike.deprecated import warn_of_old_name

        warn_of_old_name(name, _OLD_NAMES[name])
        return __getattr__(_OLD_NAMES[name])
    if name not in _HOMES:
        here = f": what MATLAB calls {name} is {_OF_MATLAB[name]} here" if name in _OF_MATLAB else ""
        raise AttributeError(f"module 'rate2spike' has no attribute {name!r}{here}")
    module = import_module(f"rate2spike.{_HOMES[name]}")
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
