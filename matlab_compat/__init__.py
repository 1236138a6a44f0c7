"""MAT bytes and MATLAB meaning: read, write, lossless append; the historic model file."""
