"""One neuron and its deep twin: what users call, under one name (`rate2spike.twin`)."""

from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.detailed_cells.morphology_file import load_morphology
from rate2spike.spiking.detailed_cells.neuron_reference import NeuronReference
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture, preset
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, load_twin, save_twin
from rate2spike.spiking.neuron_as_net.elm import ElmArchitecture
from rate2spike.spiking.neuron_as_net.fit import fit
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.neuron_as_net.schedule import (
    Schedule,
    ball_and_stick_schedule,
    point_schedule,
    published_schedule,
)
from rate2spike.spiking.neuron_as_net.targets import BALL_AND_STICK_TARGETS, POINT_TARGETS, Targets
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_data.legacy_file import export_legacy, import_legacy
from rate2spike.spiking.twin_data.mat_file import save_mat
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_data.simulate import simulate
from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_evaluation.complexity import functional_complexity_index
from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin, operating_threshold
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_study.architecture_names import named_architecture
from rate2spike.spiking.twin_study.best_export import export_best
from rate2spike.spiking.twin_study.evaluating import evaluate_study, score_twin
from rate2spike.spiking.twin_study.fitting import fit_networks
from rate2spike.spiking.twin_study.plan import FitPlan

__all__ = [
    "BALL_AND_STICK_TARGETS",
    "POINT_TARGETS",
    "CellDataset",
    "CellRecording",
    "ConvolutionalArchitecture",
    "ElmArchitecture",
    "FitPlan",
    "IntegrateAndFire",
    "ModelTable",
    "NeuronReference",
    "SavedTwin",
    "Schedule",
    "SimulationConfig",
    "SynapticEvents",
    "Targets",
    "TwinNetwork",
    "TwinPredictions",
    "ball_and_stick",
    "ball_and_stick_schedule",
    "evaluate_study",
    "evaluate_twin",
    "export_best",
    "export_legacy",
    "fit",
    "fit_networks",
    "functional_complexity_index",
    "import_legacy",
    "l5_pyramidal",
    "load_morphology",
    "load_twin",
    "named_architecture",
    "operating_threshold",
    "point_schedule",
    "preset",
    "published_schedule",
    "save_mat",
    "save_twin",
    "score_twin",
    "simulate",
    "simulate_sets",
]
