"""Training of the tuner for classifiers: its tasks, its lists of starts, its runs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from training_hooks import Hooks

from agents.training.classifiers import learner as learners
from agents.training.classifiers.learner import ClassifierSettings
from agents.training.classifiers.starts import FOLDS, fold_of_tables, starts_without
from agents.training.classifiers.tables import Moves, TableTasks, recorded
from agents.training.classifiers.tasks import Classifiers
from agents.training.train import train
from hpo_gym.arrays import Vectors
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.recorded import grid
from hpo_gym.families.recorded.family import RecordedFamily
from hpo_gym.policies.anyspace import features
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.features import QUERY_SIZE, TOKEN_SIZE, extended
from hpo_gym.policies.classifier.policy import ClassifierPolicy

SMALL = ClassifierSettings(updates=4, interval=2, work=600, evaluation_episodes=25)
FAMILY, ROWS = RecordedFamily(), Vectors()


def points(n, seed=0):
    return np.random.default_rng(seed).random((n, 3))


def scaled_of(unit):
    return SPACE.scaled(tuple((2.0 * unit - 1.0).T), ROWS)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_tables_that_are_not_moved_are_those_of_the_family(split):
    """By all 3 training seeds, at the nearest point of the grid."""
    n = 200
    table = np.random.default_rng(1).integers(FAMILY.sizes[split], size=n)
    parameters, unit = FAMILY.sample(split, table), points(n)
    draws = np.random.default_rng(2).random((n, 1, 1))
    tasks = Classifiers([TableTasks(split, table)], [n])
    found = tasks.evaluator(draws)(torch.from_numpy(unit).float(), 0)
    exact, seen = FAMILY.evaluate(parameters, scaled_of(unit), None, draws[:, :, 0].T, ROWS)
    _, best = FAMILY.best(split, table, "f1")
    np.testing.assert_allclose(found.score, seen.f1, atol=1e-6)
    np.testing.assert_allclose(found.true, exact.f1 / best, atol=1e-6)
    assert (np.asarray(seen.f1) != np.asarray(exact.f1)).mean() > 0.5


def still(n):
    """Moves by nothing."""
    return Moves(*[torch.zeros(n)] * 3, torch.ones(n))


def test_interpolation_is_exact_at_the_points_of_the_grid_and_between_them_elsewhere():
    lr, count, thr = (np.random.default_rng(3).integers(1, size, 99) for size in (23, 18, 31))
    unit = np.stack([grid.THRS[thr], (grid.EPOCHS[count] - 1.0) / 99.0, lr / 24.0], axis=1)
    table = np.random.default_rng(4).integers(83, size=99)
    draws = np.full((99, 1, 1), 0.4)
    at = {
        name: TableTasks("train", table, moves).evaluator(draws)
        for name, moves in (("moved", still(99)), ("nearest", None))
    }
    exact = at["nearest"](torch.from_numpy(unit).float(), 0)
    for part in ("score", "true"):
        found = getattr(at["moved"](torch.from_numpy(unit).float(), 0), part)
        np.testing.assert_allclose(found, getattr(exact, part), atol=2e-4)
    up = unit.copy()
    up[:, 0] = grid.THRS[thr + 1]
    middle = torch.from_numpy(0.5 * (unit + up)).float()
    ends = exact.true + at["nearest"](torch.from_numpy(up).float(), 0).true
    np.testing.assert_allclose(at["moved"](middle, 0).true, 0.5 * ends, atol=2e-3)


def test_moves_move_tables_along_their_axes():
    n, unit = 64, torch.from_numpy(points(64)).float()
    tasks = TableTasks(
        "train", np.zeros(n, dtype=np.int64), replace(still(n), lr=torch.full((n,), 0.125))
    )
    shifted = unit.clone()
    shifted[:, 2] = (unit[:, 2] + 0.125).clamp(max=1.0)
    plain = replace(tasks, moves=still(n))
    noise = np.full((n, 1, 1), 0.4)
    moved, expected = tasks.evaluator(noise)(unit, 0), plain.evaluator(noise)(shifted, 0)
    np.testing.assert_allclose(moved.true, expected.true, atol=1e-5)
    assert (moved.true - plain.evaluator(noise)(unit, 0).true).abs().max() > 0.05


def test_gradients_of_tables_are_those_of_differences():
    n = 80
    random = np.random.default_rng(5)
    moves = Moves.draw(n, random)
    tasks = TableTasks("train", random.integers(83, size=n), moves)
    evaluate = tasks.evaluator(random.random((n, 1, 1)))
    unit = torch.from_numpy(0.1 + 0.8 * points(n, 6)).float().requires_grad_()
    evaluate(unit, 0).true.sum().backward()
    for axis in range(3):
        step = torch.zeros(3)
        step[axis] = 2e-4
        with torch.no_grad():
            change = (evaluate(unit + step, 0).true - evaluate(unit - step, 0).true) / 4e-4
        # Steps over a point of the grid see the slopes of both sides.
        close = np.isclose(unit.grad[:, axis], change, rtol=0.05, atol=0.02)
        assert close.mean() > 0.9
        assert change.abs().max() > 0.1


def test_tables_see_lists_that_other_origins_made():
    """The list of a part is what greedy search gives without that part's tables."""
    origins = recorded("train").origin
    fold = fold_of_tables()
    for origin in np.unique(origins):
        assert len(set(fold[origins == origin])) == 1
    lists = [starts_without(part) for part in (*range(FOLDS), None)]
    assert len({each.tobytes() for each in lists}) == FOLDS + 1
    family_best = FAMILY.best("train", np.arange(83), "f1")[1]
    kept = np.flatnonzero(fold != 0)
    weights = 1.0 / np.bincount(origins)[origins[kept]]
    scores = []
    for task in kept:
        parameters = FAMILY.expand(FAMILY.sample("train", int(task)), np.prod(grid.SHAPE))
        scores.append(FAMILY.noiseless(parameters, grid.points(), ROWS).f1 / family_best[task])
    best = np.array(scores).T @ (weights / weights.sum())
    unit = lists[0][:1].astype(float)
    place = [int(column[0]) for column in grid.places(scaled_of(unit), ROWS)]
    assert best.reshape(grid.SHAPE)[tuple(place)] > best.max() - 2e-3


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    whole = SMALL.learner("RecordedHPO-v0", {}, seed=3)
    whole.learn(Hooks())
    first = SMALL.learner("RecordedHPO-v0", {}, seed=3)
    with pytest.raises(KeyboardInterrupt):
        first.learn(Hooks(stop=2))
    second = SMALL.learner("RecordedHPO-v0", {}, seed=7)
    second.restore(first.capture())
    second.learn(Hooks())
    mine, theirs = (each.policy({}).arrays for each in (whole, second))
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name])


@pytest.mark.parametrize("tables", [0.0, 1.0])
def test_runs_may_be_on_one_kind_of_tasks_alone(tables):
    learner = replace(SMALL, tables=tables).learner("RecordedHPO-v0", {}, seed=0)
    assert torch.isfinite(learner.loss())


def test_one_command_trains_a_policy(tmp_path):
    train(SMALL, "hpo_gym:RecordedHPO-v0", run_dir=tmp_path / "run", progress_bar=False)
    policy = ClassifierPolicy.load(tmp_path / "run" / "policy.npz")
    np.testing.assert_array_equal(policy.arrays["starts"], starts_without(None))
    assert set(policy.description["validation"]["iqm"]) == {"4", "8", "16"}
    assert SMALL.validate(policy, {}) == policy.description["validation"]
    known = AnySpacePolicy.pretrained().arrays["answer"]
    assert 0.0 < np.abs(policy.arrays["answer"] - known).max() < 0.1


def test_checkpoints_are_as_often_as_updates_are_long():
    assert ClassifierSettings().interval * 5 <= ClassifierSettings().updates


def test_training_never_reads_tables_of_other_splits(monkeypatch):
    real, read = recorded, []

    def watched(split):
        read.append(split)
        return real(split)

    monkeypatch.setattr(learners, "recorded", watched)
    monkeypatch.setattr("agents.training.classifiers.tables.recorded", watched)
    mine = SMALL.learner("RecordedHPO-v0", {}, seed=0)
    mine.loss().backward()
    assert set(read) == {"train"}


def test_the_policy_proposes_what_was_trained():
    """Run by run, NumPy's policy asks for the points of the unrolled run."""
    policy = ClassifierPolicy.pretrained()
    weights = {name: torch.from_numpy(array) for name, array in policy.arrays.items()}
    tables = np.arange(6)
    starts = np.broadcast_to(policy.arrays["starts"], (6, 16, 3))
    course = learners._course(starts, 8, 1, 24, np.random.default_rng(0))
    seen = []
    tasks = Classifiers([TableTasks("validation", tables)], [6])

    class Watched:
        kinds = tasks.kinds

        def evaluator(self, noise):
            evaluate = tasks.evaluator(noise)

            def watched(point, step):
                found = evaluate(point, step)
                seen.append(found)
                return found

            return watched

    with torch.no_grad():
        learners.unroll(weights, Watched(), course, 1.0, learners._extended)
    for row in range(6):
        unit, scores = np.zeros((0, 3)), np.zeros(0)
        for found in seen:
            asked = policy.propose(SPACE, unit, scores, np.zeros(3), budget=8)
            expected = 2.0 * found.points[row].numpy().astype(float) - 1.0
            np.testing.assert_allclose(asked, expected, atol=1e-3)
            unit = np.vstack([unit, expected])
            scores = np.append(scores, float(found.score[row]))


@pytest.mark.parametrize(
    ("env", "options"), [("AnySpaceHPO-v0", {}), ("RecordedHPO-v0", {"task": 1})]
)
def test_other_environments_are_refused(env, options):
    with pytest.raises(ValueError, match="family 'recorded' without options"):
        SMALL.check(env, options)


def test_what_a_batch_is_made_of():
    """Tables are moved, and see the list that other origins made; the given start is no loss."""
    mine = SMALL.learner("RecordedHPO-v0", {}, seed=1)
    tasks, lists = mine._draw(60, 8)
    of_tables, _ = tasks.parts
    assert tasks.sizes == (60, 8)
    for row, table in enumerate(of_tables.tables):
        np.testing.assert_array_equal(lists[row], starts_without(fold_of_tables()[table]))
    assert len(set(fold_of_tables()[of_tables.tables])) == FOLDS
    for move in ("lr", "epochs", "shift", "stretch"):
        assert getattr(of_tables.moves, move).std() > 0.01
    assert {len(mine.runs().regret) + 1 for _ in range(4)} <= {*learners.BUDGETS}


def test_what_the_network_reads_besides():
    """Which coordinate is which, and F1 less 0.5, 0 where it is not known; the best one's too."""
    scores = torch.tensor([[0.9, 0.2, 0.0]])
    told = torch.tensor([[True, True, False]])
    seen = SimpleNamespace(told=told, best=torch.tensor([0]))
    query = features.Query(torch.zeros(1, 3, features.QUERY_SIZE), None, None)
    tokens, query = extended(torch.zeros(1, 3, 3, features.TOKEN_SIZE), query, scores, seen, torch)
    assert tokens.shape == (1, 3, 3, TOKEN_SIZE) and query.features.shape == (1, 3, QUERY_SIZE)
    np.testing.assert_array_equal(tokens[0, 1, :, -4:-1], np.eye(3))
    np.testing.assert_array_equal(query.features[0, :, -4:-1], np.eye(3))
    np.testing.assert_allclose(tokens[0, :, 2, -1], [0.4, -0.3, 0.0], atol=1e-6)
    np.testing.assert_allclose(query.features[0, :, -1], [0.4, 0.4, 0.4], atol=1e-6)
