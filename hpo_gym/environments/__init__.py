"""The pages: an environment's docstring and a few lines each."""
