"""How well a network imitates a neuron: spikes, voltage, and both against the network's size; no TensorFlow here."""
