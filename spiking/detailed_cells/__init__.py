"""Cells that are simulated in detail, so that a deep network can imitate them: morphology, channels, synapses, cable."""
