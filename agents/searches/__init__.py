"""Searches of Optuna, SciPy, Ax and SMAC3."""
