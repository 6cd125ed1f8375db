"""Training of schedulers."""
