"""Training of the tuner for classifiers."""
