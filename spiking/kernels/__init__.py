"""Numba kernels: plain functions of arrays."""
