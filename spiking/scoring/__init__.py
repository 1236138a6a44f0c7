"""Accuracy of a spiking network on fresh trials of a task."""
