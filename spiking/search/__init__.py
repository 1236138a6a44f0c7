"""λ search: which scaling factor makes the spiking network solve the task."""
