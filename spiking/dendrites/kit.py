"""The dendritic kit, all that users call as `r2s.dendrites`."""

from rate2spike.spiking.dendrites.compartments import (
    DendCompartment,
    PAComponentDendCompartment,
    PassiveDendCompartment,
)
from rate2spike.spiking.dendrites.dend_neuron import VForwardDendNeuron, VForwardSBackwardDendNeuron
from rate2spike.spiking.dendrites.dendrites import Dend, SegregatedDend, VDiffDend
from rate2spike.spiking.dendrites.firing import SigmoidSurrogate
from rate2spike.spiking.dendrites.functional import diff_mask_mult_sum, gaussian, unfold_forward_fold
from rate2spike.spiking.dendrites.neurons import (
    VActivationForwardDendNeuron,
    VActivationForwardSBackwardDendNeuron,
    VDiffForwardDendNeuron,
    VDiffForwardSBackwardDendNeuron,
)
from rate2spike.spiking.dendrites.sequence_layer import detach_net, reset_net, set_step_mode
from rate2spike.spiking.dendrites.somas import IFSoma, LIFSoma, Soma
from rate2spike.spiking.dendrites.wiring import DendWiring, Kto1DendWiring, Kto1DendWirng, SegregatedDendWiring

__all__ = [
    "Dend",
    "DendCompartment",
    "DendWiring",
    "IFSoma",
    "Kto1DendWiring",
    "Kto1DendWirng",
    "LIFSoma",
    "PAComponentDendCompartment",
    "PassiveDendCompartment",
    "SegregatedDend",
    "SegregatedDendWiring",
    "SigmoidSurrogate",
    "Soma",
    "VActivationForwardDendNeuron",
    "VActivationForwardSBackwardDendNeuron",
    "VDiffDend",
    "VDiffForwardDendNeuron",
    "VDiffForwardSBackwardDendNeuron",
    "VForwardDendNeuron",
    "VForwardSBackwardDendNeuron",
    "detach_net",
    "diff_mask_mult_sum",
    "gaussian",
    "reset_net",
    "set_step_mode",
    "unfold_forward_fold",
]
