"""Deep networks that imitate one neuron: convolutional ones and the expressive leaky memory neuron, and how they are fitted."""
