"""Scores from records alone."""
