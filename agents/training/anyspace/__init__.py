"""Training of the tuner for any search space."""
