"""The virtual clock against Syne Tune's simulator, where it is installed: one table, replayed.

Accuracies of a fictitious task: no two are equal, so that rounding decides nothing.
"""

import warnings

import numpy as np
import pytest
from hyperdrive_runs import config, experiment

from hpo_gym.hyperdrive import FamilyRunConfig, GridParameterSampling, choice
from hpo_gym.hyperdrive.engine import Job
from hpo_gym.hyperdrive.policy import MedianStoppingPolicy
from hpo_gym.hyperdrive.virtual import curves_of
from hpo_gym.scheduling.rules import SyneTuneMedian

RATES = [round(10.0**exponent, 6) for exponent in np.random.default_rng(0).uniform(-3, 0.7, 24)]
EPOCHS, WORKERS = 9, 4
SECONDS = [1e3 * float(seconds) for seconds in np.random.default_rng(1).uniform(0.5, 2.0, 24)]
"""Long ones: the simulator adds the seconds that its scheduler has taken to its own clock."""


def their_rule(policy, goal):
    """Syne Tune's median rule in the place of that of a policy."""
    return SyneTuneMedian(goal=goal, grace_time=2)


def simulated(target):
    """What Syne Tune's simulator does: per trial how many epochs it trained and when it ended."""
    with warnings.catch_warnings(action="ignore"):
        blackbox = pytest.importorskip(
            "syne_tune.blackbox_repository.blackbox", exc_type=ImportError
        )
        from syne_tune import StoppingCriterion, Tuner, config_space
        from syne_tune.backend.simulator_backend.simulator_backend import SimulatorConfig
        from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
        from syne_tune.blackbox_repository.simulated_tabular_backend import UserBlackboxBackend
        from syne_tune.optimizer.schedulers.median_stopping_rule import MedianStoppingRule
        from syne_tune.optimizer.schedulers.single_objective_scheduler import (
            SingleObjectiveScheduler,
        )
        from syne_tune.tuner_callback import TunerCallback

    class Table(blackbox.Blackbox):
        def _objective_function(self, configuration, fidelity=None, seed=None):
            number = RATES.index(configuration["lr"])
            curve = curves_of(target, Job(number, {"thr": 0.4, **configuration}, None))["accuracy"]
            elapsed = SECONDS[number] * np.arange(1, EPOCHS + 1)
            return np.stack([curve, elapsed], axis=1)

        @property
        def fidelity_values(self):
            return np.arange(1, EPOCHS + 1)

    class Listener(TunerCallback):
        """Keeps the last result of every trial."""

        last: dict

        def __init__(self):
            self.last = {}

        def on_trial_result(self, trial, status, result, decision):
            self.last.pop(trial.trial_id, None)
            self.last[trial.trial_id] = result["epochs"], result["elapsed"], decision

    class InOrder(MedianStoppingRule):
        """Suggests every configuration once."""

        count = 0

        def suggest(self):
            self.count += 1
            return super().suggest() if self.count <= len(RATES) else None

    space = {"lr": config_space.choice(RATES)}
    table = Table(
        configuration_space=space,
        fidelity_space={"epochs": config_space.randint(1, EPOCHS)},
        objectives_names=["accuracy", "elapsed"],
    )
    delays = ("on_trial_result", "complete_after_final_report", "complete_after_stop")
    immediate = {f"delay_{name}": 0.0 for name in (*delays, "start", "stop")}
    backend = UserBlackboxBackend(
        table, "elapsed", "epochs", simulator_config=SimulatorConfig(**immediate)
    )
    searched = SingleObjectiveScheduler(
        space,
        metric="accuracy",
        do_minimize=False,
        searcher_kwargs={"points_to_evaluate": [{"lr": lr} for lr in RATES]},
    )
    scheduler = InOrder(searched, "epochs", metric="accuracy", grace_time=2, do_minimize=False)
    listener = Listener()
    Tuner(
        backend,
        scheduler,
        StoppingCriterion(max_num_trials_finished=len(RATES)),
        WORKERS,
        sleep_time=0.0,
        callbacks=[SimulatorCallback(), listener],
        save_tuner=False,
        suffix_tuner_name=False,
        wait_trial_completion_when_stopping=True,
    ).run()
    return listener.last


@pytest.mark.filterwarnings("ignore")
def test_order_and_decisions_are_those_of_syne_tune(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path / "syne-tune"))
    # Their rule in the place of HyperDrive's: a run takes no policy of one's own.
    monkeypatch.setattr(MedianStoppingPolicy, "rule", their_rule)
    target = FamilyRunConfig("fictitious", task=3, epochs=EPOCHS, epoch_duration=SECONDS)
    theirs = simulated(target)
    run = experiment(tmp_path).submit(
        config(
            target,
            hyperparameter_sampling=GridParameterSampling(
                {"thr": choice(0.4), "lr": choice(RATES)}
            ),
            policy=MedianStoppingPolicy(),
            primary_metric_name="accuracy",
            max_total_runs=len(RATES),
            max_concurrent_runs=WORKERS,
        )
    )
    run.wait_for_completion()
    rows = run.rows()
    assert {row.number: len(row.curve) for row in rows} == {
        number: epochs for number, (epochs, _, _) in theirs.items()
    }
    for row in rows:
        assert row.ended - row.started == pytest.approx(theirs[row.number][1])
    lengths = [len(row.curve) for row in rows]
    assert len(set(lengths)) > 2 and EPOCHS in lengths
    ends = [row.number for row in sorted(rows, key=lambda row: row.ended)]
    assert ends == list(theirs), "in the order of their last reports"
