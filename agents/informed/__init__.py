"""Tuners that know the training tasks of a family."""
