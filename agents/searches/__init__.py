"""Searches of Optuna and SciPy."""
