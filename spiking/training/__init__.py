"""Training of networks of spiking layers: the optimizer, and epochs that can be resumed. Knows no task and no data."""
