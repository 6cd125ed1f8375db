"""Training of real classifiers, recorded over learning rates, epochs and thresholds."""
