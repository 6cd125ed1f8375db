"""What a journal says of a run and its children, at every moment."""

import optuna
import pytest
from hyperdrive_runs import experiment, family_config

from hpo_gym.hyperdrive import BayesianParameterSampling, quniform, uniform
from hpo_gym.hyperdrive.journal import TERMINAL, Journal, reading

SAMPLING = BayesianParameterSampling({"trees": quniform(2, 20, 2), "rate": uniform(0, 1)})


@pytest.fixture
def journal(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    journal = Journal(folder, "maximize")
    yield journal
    journal.close()


def test_sampling_learns_from_a_child_that_began_anew(journal):
    distributions = SAMPLING.distributions()
    trial, configuration = journal.ask(SAMPLING.optuna_sampler(0), distributions)
    journal.begin(0, configuration, [], 1.0, trial, distributions)
    journal.report(0, 1, 0.25)
    journal.restart(0, 2.0)
    journal.report(0, 1, 0.5)
    journal.end(0, "Completed", 3.0, "", False)
    given_up, ended = journal.study.trials
    assert [given_up.state.name, ended.state.name] == ["FAIL", "COMPLETE"]
    assert ended.params == configuration and ended.distributions == distributions
    assert ended.value == 0.5
    (row,) = journal.rows()
    assert (row.configuration, row.curve, row.started) == (configuration, [0.5], 2.0)


@pytest.fixture
def watched(monkeypatch):
    """Functions that are called after everything that Optuna has written."""
    looks = []

    def watch(kind, name):
        write = getattr(kind, name)

        def written(*arguments, **options):
            result = write(*arguments, **options)
            for look in looks:
                look()
            return result

        monkeypatch.setattr(kind, name, written)

    for name in ("set_trial_user_attr", "set_study_user_attr", "set_trial_state_values"):
        watch(optuna.storages.RDBStorage, name)
    return looks


def test_the_end_of_a_child_is_there_as_a_whole(journal, watched):
    seen = []
    journal.begin(0, {"x": 1}, [], 1.0)
    watched.append(lambda: seen.extend(journal.rows()))
    journal.end(0, "Canceled", 3.0, "why", True)
    assert len(seen) >= 2
    assert {row[6:] for row in seen} == {(3.0, "why", True)}
    assert {row.status for row in seen} == {"Canceled"}


@pytest.mark.parametrize("broken", [False, True])
def test_a_run_that_has_ended_has_an_end(tmp_path, monkeypatch, watched, broken):
    if broken:
        monkeypatch.setattr("hpo_gym.hyperdrive.virtual.curves_of", None)
    seen, folder = [], tmp_path / "hyperdrive" / "tests" / "mine"
    watched.append(lambda: folder.exists() and seen.append(reading(folder).facts))
    run = experiment(tmp_path).submit(family_config(max_total_runs=1, custom_run_id="mine"))
    run.wait_for_completion(raise_on_error=False)
    over = [facts for facts in seen if facts["status"] in TERMINAL]
    assert over and all("ended" in facts and bool(facts["error"]) is broken for facts in over)
    assert {facts["status"] for facts in over} == {"Failed" if broken else "Completed"}
