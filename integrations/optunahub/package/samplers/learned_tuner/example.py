"""Tune a function of two parameters."""

import optuna
import optunahub


def objective(trial: optuna.Trial) -> float:
    """A bowl with one whole parameter."""
    x = trial.suggest_float("x", -5.0, 5.0)
    n = trial.suggest_int("n", 1, 64, log=True)
    return x**2 + abs(n - 8)


if __name__ == "__main__":
    module = optunahub.load_module("samplers/learned_tuner")
    study = optuna.create_study(sampler=module.LearnedSampler(budget=16))
    study.optimize(objective, n_trials=16)
    print(study.best_params)
