"""Trainable spiking layers: LIF, ALIF and CLIF units, leaky readouts, surrogate gradients."""
