"""Inference of the tuner for any search space, in NumPy."""
