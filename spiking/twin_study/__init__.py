"""A study of one neuron, from a folder of simulations to fitted networks, scores and figures."""
