"""Tuners that were trained."""
