"""Single cells as cascades: what users call, under one name (`rate2spike.cascade`)."""

from rate2spike.spiking.cascade.filters import ExponentialFilter
from rate2spike.spiking.cascade.parallel_dendrite import ParallelDendriteTraces, simulate_parallel_dendrite
from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams, StageParams
from rate2spike.spiking.cascade.pharmacological_block import (
    ParallelDendriteDemonstration,
    parallel_dendrite_demonstration,
)
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
    "ExponentialFilter",
    "ParallelDendriteDemonstration",
    "ParallelDendriteParams",
    "ParallelDendriteTraces",
    "StageParams",
    "SubunitCondition",
    "SubunitDemonstration",
    "SubunitParams",
    "SubunitTraces",
    "TransferCurve",
    "alpha_stimulus",
    "biexponential_stimulus",
    "noise_stimulus",
    "parallel_dendrite_demonstration",
    "pulse_stimulus",
    "simulate_parallel_dendrite",
    "simulate_subunit",
    "step_stimulus",
    "subunit_demonstration",
]
