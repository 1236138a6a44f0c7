"""Demonstrations of dendrites and plasticity: what the commands rate2spike dendrites run."""
