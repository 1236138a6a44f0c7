"""Single cells whose dendrites are cascades of linear and nonlinear stages (Harkin, Shen et al. 2021). No TensorFlow."""
