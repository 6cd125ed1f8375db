"""A user's script: four processes tune on one study until 40 trials are complete.

python shared_study.py STORAGE
"""

import subprocess
import sys
import time

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from hpo_gym.integrations.optuna import LearnedSampler

WORKERS, TRIALS = 4, 40


def score(x, layers, kind):
    return (x - 0.3) ** 2 + 0.1 * abs(layers - 5) + 0.2 * (kind == "a")


def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    layers = trial.suggest_int("layers", 1, 32, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    time.sleep(0.1 * x)
    return score(x, layers, kind)


def open_study(storage):
    if not storage.startswith("sqlite"):
        storage = JournalStorage(JournalFileBackend(storage))
    return optuna.create_study(
        study_name="tuning",
        storage=storage,
        sampler=LearnedSampler(budget=TRIALS, seed=0),
        load_if_exists=True,
    )


if __name__ == "__main__":
    storage, *worker = sys.argv[1:]
    study = open_study(storage)
    if worker:
        enough = MaxTrialsCallback(TRIALS, states=(TrialState.COMPLETE,))
        study.optimize(objective, n_trials=TRIALS, callbacks=[enough])
    else:
        again = [sys.executable, __file__, storage, "worker"]
        for process in [subprocess.Popen(again) for _ in range(WORKERS)]:
            process.wait()
