"""Neurons made of compartments, wiring, dendrite, soma and synapse: Keras layers."""
