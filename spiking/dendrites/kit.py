"""The dendritic kit, all that users call as `r2s.dendrites`."""

from rate2spike.spiking.dendrites.compartments import (
    DendCompartment,
    PAComponentDendCompartment,
    PassiveDendCompartment,
)
from rate2spike.spiking.dendrites.connections import LinearSynapseConn, MaskedLinearSynapseConn
from rate2spike.spiking.dendrites.convolutions import Conv1dSynapseConn, Conv2dSynapseConn, Conv3dSynapseConn
from rate2spike.spiking.dendrites.dend_neuron import VForwardDendNeuron, VForwardSBackwardDendNeuron
from rate2spike.spiking.dendrites.dendrites import Dend, SegregatedDend, VDiffDend
from rate2spike.spiking.dendrites.filters import IdentitySynapseFilter, LISynapseFilter
from rate2spike.spiking.dendrites.firing import SigmoidSurrogate
from rate2spike.spiking.dendrites.functional import diff_mask_mult_sum, gaussian, unfold_forward_fold
from rate2spike.spiking.dendrites.further_somas import AdLIFSoma, EIFSoma, QIFSoma
from rate2spike.spiking.dendrites.neurons import (
    VActivationForwardDendNeuron,
    VActivationForwardSBackwardDendNeuron,
    VDiffForwardDendNeuron,
    VDiffForwardSBackwardDendNeuron,
)
from rate2spike.spiking.dendrites.sequence_layer import detach_net, reset_net, set_step_mode
from rate2spike.spiking.dendrites.somas import IFSoma, LIFSoma, Soma
from rate2spike.spiking.dendrites.stochastic_firing import ExpStochasticFiring, LogisticStochasticFiring
from rate2spike.spiking.dendrites.synapses import (
    BaseSynapse,
    Conv1dIdentitySynapse,
    Conv2dIdentitySynapse,
    Conv3dIdentitySynapse,
    LinearIdentitySynapse,
    MaskedLinearIdentitySynapse,
)
from rate2spike.spiking.dendrites.wiring import DendWiring, Kto1DendWiring, Kto1DendWirng, SegregatedDendWiring

__all__ = [
    "AdLIFSoma",
    "BaseSynapse",
    "Conv1dIdentitySynapse",
    "Conv1dSynapseConn",
    "Conv2dIdentitySynapse",
    "Conv2dSynapseConn",
    "Conv3dIdentitySynapse",
    "Conv3dSynapseConn",
    "Dend",
    "DendCompartment",
    "DendWiring",
    "EIFSoma",
    "ExpStochasticFiring",
    "IFSoma",
    "IdentitySynapseFilter",
    "Kto1DendWiring",
    "Kto1DendWirng",
    "LIFSoma",
    "LISynapseFilter",
    "LinearIdentitySynapse",
    "LinearSynapseConn",
    "LogisticStochasticFiring",
    "MaskedLinearIdentitySynapse",
    "MaskedLinearSynapseConn",
    "PAComponentDendCompartment",
    "PassiveDendCompartment",
    "QIFSoma",
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
