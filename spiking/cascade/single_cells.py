"""Single cells as cascades: what users call, under one name (`rate2spike.cascade`)."""

from rate2spike.spiking.cascade.dendrite_soma_demonstration import (
    DendriteSomaDemonstration,
    dendrite_soma_demonstration,
)
from rate2spike.spiking.cascade.dendrite_soma_experiments import bursting, coincidence_detection, gain_modulation
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaTraces, simulate_dendrite_soma
from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams
from rate2spike.spiking.cascade.dendrite_soma_results import Bursting, CoincidenceDetection, GainModulation
from rate2spike.spiking.cascade.filters import ExponentialFilter
from rate2spike.spiking.cascade.loop_stability import largest_stable_gain
from rate2spike.spiking.cascade.parallel_dendrite import ParallelDendriteTraces, simulate_parallel_dendrite
from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams, StageParams
from rate2spike.spiking.cascade.pharmacological_block import (
    ParallelDendriteDemonstration,
    parallel_dendrite_demonstration,
)
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import (
    RecurrentDendriteDemonstration,
    recurrent_dendrite_demonstration,
)
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_sweep import sweep_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_sweep_result import RecurrentDendriteSweep
from rate2spike.spiking.cascade.recurrent_dendrite_traces import RecurrentDendriteTraces
from rate2spike.spiking.cascade.stimuli import (
    alpha_stimulus,
    biexponential_stimulus,
    noise_stimulus,
    pulse_stimulus,
    step_stimulus,
)
from rate2spike.spiking.cascade.subunit import SubunitParams, SubunitTraces, simulate_subunit
from rate2spike.spiking.cascade.subunit_exploration import subunit_demonstration
from rate2spike.spiking.cascade.subunit_result import SubunitCondition, SubunitDemonstration
from rate2spike.spiking.cascade.transfer_curve import TransferCurve

__all__ = [
    "Bursting",
    "CoincidenceDetection",
    "DendriteSomaDemonstration",
    "DendriteSomaParams",
    "DendriteSomaTraces",
    "ExponentialFilter",
    "GainModulation",
    "ParallelDendriteDemonstration",
    "ParallelDendriteParams",
    "ParallelDendriteTraces",
    "RecurrentDendriteDemonstration",
    "RecurrentDendriteParams",
    "RecurrentDendriteSweep",
    "RecurrentDendriteTraces",
    "StageParams",
    "SubunitCondition",
    "SubunitDemonstration",
    "SubunitParams",
    "SubunitTraces",
    "TransferCurve",
    "alpha_stimulus",
    "biexponential_stimulus",
    "bursting",
    "coincidence_detection",
    "dendrite_soma_demonstration",
    "gain_modulation",
    "largest_stable_gain",
    "noise_stimulus",
    "parallel_dendrite_demonstration",
    "pulse_stimulus",
    "recurrent_dendrite_demonstration",
    "simulate_dendrite_soma",
    "simulate_parallel_dendrite",
    "simulate_recurrent_dendrite",
    "simulate_subunit",
    "step_stimulus",
    "subunit_demonstration",
    "sweep_recurrent_dendrite",
]
