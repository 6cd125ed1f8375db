"""Trained policies in NumPy."""
