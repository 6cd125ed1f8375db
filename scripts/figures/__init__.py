"""Drawing the figures."""
