"""Task -> trained rate network: tasks, weights, model, training, the historic command line."""
