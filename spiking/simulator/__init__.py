"""The spiking network: from a trained rate network to spikes."""
