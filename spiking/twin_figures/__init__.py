"""Figures of simulated cells and of the networks that imitate them, and the numbers that these figures show."""
