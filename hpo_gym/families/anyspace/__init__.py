"""The family of random functions of any search space."""
