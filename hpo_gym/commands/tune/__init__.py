"""`python -m hpo_gym tune`: tune a function or a model, with the learned tuner, in Optuna."""
