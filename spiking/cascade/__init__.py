"""Single cells with dendrites as cascades of linear and nonlinear stages, simulated (Harkin, Shen et al. 2021). No TensorFlow."""
