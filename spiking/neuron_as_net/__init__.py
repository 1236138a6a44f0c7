"""Deep networks that imitate one neuron, convolutional ones and ELM neurons, and how they are fitted."""
