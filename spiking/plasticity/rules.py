"""Local learning rules for the synapses of `rate2spike.dendrites`: what users call, as `rate2spike.plasticity`."""

from rate2spike.spiking.plasticity.dendritic_prediction import DPPLearner
from rate2spike.spiking.plasticity.learner_list import LearnerList
from rate2spike.spiking.plasticity.stdp import SemiSTDPLearner, STDPLearner
from rate2spike.spiking.plasticity.stdp_window import STDPWindow, stdp_window

__all__ = ["DPPLearner", "LearnerList", "STDPLearner", "STDPWindow", "SemiSTDPLearner", "stdp_window"]
