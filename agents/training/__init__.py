"""How tuners are trained."""
