"""Recorded tables of real classifiers."""
