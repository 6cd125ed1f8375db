"""The evidence for the tuner of any space: rows, budgets, workers, tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("optuna")

from made_up_policies import made_up_policy

from hpo_gym import Tuner
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.tuners import policy_tuner
from scripts.anyspace import evidence, rows, tuners
from scripts.anyspace.evidence import Arguments
from scripts.anyspace.report import Results, averages, comparisons, gathered, losses
from scripts.anyspace.rows import Kept, Row, Run, play
from scripts.anyspace.tasks import task_of, tasks_of

RUN = Run("classical", 2, 0, "1.5", 0, 1, 8, "random")


def test_tasks_have_the_coordinates_that_are_asked_for():
    for index in tasks_of("anyspace-test", 3, 4):
        assert task_of("anyspace-test", 3, index).space.dimension == 3
    assert tasks_of("classical", 6, 3) == [0, 1, 2]
    with pytest.raises(ValueError, match=r"--d 1 must lie in \[2, 8\]"):
        tasks_of("classical", 1, 3)


def test_a_task_is_the_familys():
    task = task_of("classical", 2, 0)
    best = task.family.best("test", 0, "value")[0]
    seen = task.evaluate({"x1": best[0], "x2": best[1]}, 0, 0)
    assert seen.regret == pytest.approx(0.0, abs=1e-9)
    assert seen.score == pytest.approx(0.9)


def test_rows_of_a_task_that_changed_are_not_used(tmp_path):
    kept = Kept(tmp_path)
    kept.add("random", row(RUN, [1.0] * 8))
    assert kept.missing([RUN]) == []
    changed = RUN._replace(mark="1.6")
    assert kept.missing([changed]) == [changed]
    assert gathered(kept, {changed.key}, ("random",), 8) is None


def test_marks_tell_tasks_apart():
    marks = [task_of("classical", 2, i).mark for i in range(30)]
    assert len(set(marks)) == 30
    assert marks[3] == task_of("classical", 2, 3).mark


@pytest.mark.parametrize("tuner", ["random", "sobol", "tpe-5", "cma-es", "learned"])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_run_is_repeatable_and_its_regret_falls(tuner, workers):
    index = tasks_of("anyspace-test", 3, 1)[0]
    run = Run("anyspace-test", 3, index, "", 1, workers, 9, tuner)
    one, other = play(run), play(run)
    assert one.regrets == other.regrets
    assert len(one.regrets) == len(one.milliseconds) == 9


class Counting:
    """Asks for one point again and again, and notes how many are running."""

    def __init__(self):
        self.running, self.most, self.told = 0, 0, 0

    def ask(self):
        self.running += 1
        self.most = max(self.most, self.running)
        return {"x1": 0.5, "x2": 0.5}

    def tell(self, configuration, result):
        self.running -= 1
        self.told += 1

    fail = tell


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (4, 4), (20, 8)])
def test_workers_are_always_busy(monkeypatch, workers, most):
    tuner = Counting()
    monkeypatch.setattr(rows, "contestant", lambda _: tuners.Contestant(lambda *_: tuner))
    play(RUN._replace(workers=workers))
    assert (tuner.most, tuner.told, tuner.running) == (most, 8, 0)


def row(run, regrets):
    facts = {k: v for k, v in run._asdict().items() if k != "tuner"}
    return Row(**facts, regrets=regrets, milliseconds=[1.0] * len(regrets))


def test_what_is_there_is_not_run_again(tmp_path):
    kept = Kept(tmp_path)
    runs = [RUN._replace(budget=b, tuner=t) for b in (4, 8) for t in ("random", "learned")]
    assert kept.missing(runs) == [runs[1], runs[2], runs[3]]  # random's longest run serves both
    kept.add("random", row(runs[2], [1.0] * 8))
    kept.add("learned", row(runs[1], [1.0] * 4))
    assert kept.missing(runs) == [runs[3]]
    (curve,) = kept.curves("random", 4).values()
    assert curve.budget == 8
    assert kept.curves("learned", 8) == {}


def test_every_task_has_first_points_of_its_own_that_tuners_share(monkeypatch):
    seeds = []

    def make(space, budget, seed):
        seeds.append(seed)
        return Tuner(space, budget=budget, seed=seed, policy="sobol")

    monkeypatch.setattr(rows, "contestant", lambda _: tuners.Contestant(make))
    other = RUN._replace(dimension=3)
    runs = [RUN, RUN._replace(task=1), RUN._replace(seed=1), other]
    for run in (*runs, RUN._replace(tuner="gp-4", budget=4, workers=2)):
        play(run)
    assert len(set(seeds[:4])) == 4
    assert seeds[4] == seeds[0]


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    kept = Kept(tmp_path)
    kept.add("random", row(RUN, [1.0] * 8))
    with (tmp_path / "random.jsonl").open("a") as file:
        file.write('\n{"suite": "classical", "dimen')
    assert len(kept.read("random")) == 1
    kept.add("random", row(RUN._replace(task=1), [1.0] * 8))
    assert [r.task for r in kept.read("random")] == [0, 1]


def test_rows_of_other_weights_are_kept_apart(tmp_path):
    kept, policy = Kept(tmp_path), AnySpacePolicy.pretrained()
    same = policy.save(tmp_path / "learned.npz")
    kept.add("learned", row(RUN, [1.0] * 8))
    assert kept.missing([RUN._replace(tuner="learned"), RUN._replace(tuner=str(same))]) == []
    arrays = {**policy.arrays, "answer_bias": policy.arrays["answer_bias"] + np.float32(0.3)}
    (tmp_path / "other").mkdir()
    other = AnySpacePolicy(arrays, policy.description).save(tmp_path / "other" / "learned.npz")
    run = RUN._replace(tuner=str(other))
    assert kept.missing([run]) == [run]
    assert len(play(run).regrets) == 8


def test_a_policy_of_the_environment_is_a_tuner(tmp_path):
    policy = made_up_policy("hpo_gym:AnySpaceHPO-v0")
    file, index = str(policy.save(tmp_path / "policy")), tasks_of("anyspace-test", 3, 1)[0]
    runs = [Run("anyspace-test", 3, index, "", 1, 1, budget, file) for budget in (8, 16)]
    short, long = map(play, runs)
    assert long.regrets[:8] == short.regrets
    task = task_of("anyspace-test", 3, index)
    first = policy_tuner(policy, task.space, 16).ask()
    assert long.regrets[0] == pytest.approx(task.evaluate(first, 0, 1).regret, rel=1e-5)
    assert Kept(tmp_path).missing(runs) == [runs[1]]  # it does not plan
    with pytest.raises(ValueError, match="max_evaluations = 17 must be"):
        play(runs[0]._replace(budget=17))


def test_only_tasks_that_all_have_finished_are_compared(tmp_path):
    kept = Kept(tmp_path)
    for task in range(3):
        kept.add("random", row(RUN._replace(task=task), [4.0, 2.0, 1.0, 0.5] + [0.25] * 4))
    for task in range(2):
        kept.add("tpe", row(RUN._replace(task=task), [0.4, 0.2, 0.1, 0.05] + [0.025] * 4))
    wanted = {RUN._replace(task=task).key for task in range(3)}
    results = gathered(kept, wanted, ("random", "tpe", "gp"), 8)
    assert results.tuners == ("random", "tpe")
    assert results.moments == (2, 4, 8)
    assert results.regrets[:, :, 0, 0].tolist() == [[2.0, 0.5, 0.25], [0.2, 0.05, 0.025]]
    assert gathered(kept, wanted, ("random",), 8, (3, 1, 9)).moments == (1, 3, 8)
    assert gathered(kept, wanted, ("gp",), 8) is None


def made_up():
    random = np.random.default_rng(0)
    mine = random.uniform(0.1, 0.2, (3, 40, 1))
    names, regrets = tuple(f"task {i}" for i in range(40)), np.stack([mine, 2 * mine])
    return Results(("mine", "other"), (2, 4, 8), np.repeat([2, 3], 20), names, regrets, (1.0, 9.0))


def test_the_tables_say_who_is_better():
    results = made_up()
    text = "\n".join(averages(results))
    assert "| mine |" in text
    assert "1.0 1.0 1.0 | 1.0 |" in text
    assert "2.0 2.0 2.0 | 9.0 |" in text
    lines = [line for line in comparisons(results, "mine", resamples=200) if "other |" in line]
    assert len(lines) == 9
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[-1] == "1.00"
        assert float(cells[3].split()[0]) < 0.0
        assert cells[4] == cells[6] == "0.500 [0.500, 0.500]"


def test_losses_are_the_tasks_that_are_lost():
    results = made_up()
    results.regrets[0, -1, [5, 9]] = [[0.9], [0.8]]
    results.regrets[1, -1, [5, 9]] = [[0.25], [0.5]]
    (line,) = [line for line in losses(results, "mine") if "other |" in line]
    assert line == "| other | task 5 .900 .250; task 9 .800 .500 |"
    assert not any("task" in line for line in losses(results, "nobody"))


def test_the_command_runs_and_goes_on(tmp_path, capsys, monkeypatch):
    words = ["--tuners", "random", "sobol", "--d", "2", "--tasks", "2", "--budgets", "4", "8"]
    words += ["--of", "sobol", "--rows", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["evidence", *words])
    evidence.main()
    first = capsys.readouterr().out
    lines = (tmp_path / "random.jsonl").read_text().split()
    assert len(lines) == 4
    assert json.loads(lines[0])["budget"] == 8
    monkeypatch.setattr(evidence, "play", None)  # nothing is left to be run
    evidence.main()
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (Arguments(tuners=("hal",)), "tuner 'hal' must be one of"),
        (Arguments(suites=("x",)), r"--suites \['x'\] must be some of"),
        (Arguments(budgets=(0,)), "--budgets 0 must be a whole number >= 1"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        evidence._check(arguments)
