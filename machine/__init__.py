"""What the machine and its libraries ask of us: memory, threads, processes, signals, streams, caches, TensorFlow."""
