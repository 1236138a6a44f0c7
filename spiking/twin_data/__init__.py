"""What a deep twin of a cell learns from: random input, simulations of many inputs, their files, labels."""
