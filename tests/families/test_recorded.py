"""The recorded family: look-ups, seeds, optima, splits, the files."""

from __future__ import annotations

import hashlib
import io
import time
from importlib.resources import files
from itertools import combinations

import gymnasium as gym
import numpy as np
import pytest
import torch

from hpo_gym import TuningEnv, TuningVectorEnv, make_family
from hpo_gym.arrays import Floats, Vectors, namespace_of
from hpo_gym.families.recorded import grid, tables
from hpo_gym.families.recorded.grid import EPOCHS, SHAPE, THRS, ZS
from hpo_gym.testing import check_family
from scripts.recording.measures import measured

ROWS, ROW = Vectors(), Floats()
FAMILY = make_family("recorded")
CARDS = {
    (split, i): FAMILY.card(split, i) for split in FAMILY.sizes for i in range(FAMILY.sizes[split])
}
FOLDER = files("hpo_gym").joinpath("families/recorded")


def f1_of(split, task):
    """The mean F1 over the grid."""
    f1 = FAMILY.noiseless(FAMILY.sample(split, task), grid.points(), ROWS).f1
    return np.asarray(f1).reshape(SHAPE)


def raw(split, task):
    """(3, 2, *SHAPE) counts and (3, lr, epochs) losses, straight from the file."""
    place = list(CARDS).index((split, task))
    with np.load(io.BytesIO(FOLDER.joinpath("tables.npz").read_bytes())) as file:
        steps, loss = file["steps"][place].astype(np.int64), file["loss"][place]
    steps = (steps + 2**15) % 2**16 - 2**15
    counts = steps.cumsum(axis=2).transpose(4, 3, 0, 1, 2)
    return counts, loss.astype(float).transpose(2, 0, 1)


def test_conformance():
    check_family("recorded", rows=150, tasks=3)


@pytest.mark.parametrize(("split", "task"), [("train", 1), ("validation", 0), ("test", 2)])
def test_metrics_by_hand(split, task):
    """From the counts, cell by cell, each seed by itself."""
    card, (counts, loss) = CARDS[split, task], raw(split, task)
    c, cases = FAMILY.sample(split, task), card["positives"] + card["negatives"]
    generator = np.random.default_rng(task)
    for _ in range(40):
        lr, epoch, thr = (int(generator.integers(size)) for size in SHAPE)
        scaled = (float(THRS[thr]), float(EPOCHS[epoch]), float(ZS[lr]))
        expected = []
        for seed in range(3):
            true, false = counts[seed, :, lr, epoch, thr]
            half_true, half_false = counts[seed, :, lr, epoch, 16]
            precision = true / (true + false) if true + false else 0.0
            recall = true / card["positives"]
            f1 = 2 * precision * recall / (precision + recall) if true else 0.0
            accuracy = (half_true + card["negatives"] - half_false) / cases
            expected.append((precision, recall, loss[seed, lr, epoch], accuracy, f1))
            seen = FAMILY.evaluate(c, scaled, None, ((seed + 0.5) / 3,), ROW)[1]
            np.testing.assert_allclose(seen, expected[-1], rtol=1e-12)
        np.testing.assert_allclose(
            FAMILY.noiseless(c, scaled, ROW), np.mean(expected, axis=0), rtol=1e-12
        )


def test_configurations_are_evaluated_at_the_nearest_point():
    generator = np.random.default_rng(1)
    for _ in range(300):
        thr, epochs, z = (
            generator.uniform(0, 1),
            int(generator.integers(1, 101)),
            generator.uniform(-4, 0.8),
        )
        lr, epoch, place = grid.places((thr, float(epochs), z), ROW)
        assert lr == np.abs(ZS - z).argmin()
        assert place == np.abs(THRS - thr).argmin()
        assert epoch == np.abs(np.log(EPOCHS) - np.log(epochs)).argmin()
    for point in zip(*grid.points(), strict=True):
        assert [float(p) for p in grid.places(tuple(map(float, point)), ROW)] == [
            np.abs(ZS - point[2]).argmin(),
            np.abs(np.log(EPOCHS) - np.log(point[1])).argmin(),
            np.abs(THRS - point[0]).argmin(),
        ]
        if point[2] > -3.9:
            break


def test_weights_are_shares_of_the_search_space():
    unit = np.random.default_rng(2).uniform(-1.0, 1.0, (3, 400_000))
    places = grid.places(FAMILY.space.scaled(tuple(unit), ROWS), ROWS)
    flat = np.ravel_multi_index([p.astype(int) for p in places], SHAPE)
    share = np.bincount(flat, minlength=np.prod(SHAPE)).reshape(SHAPE) / len(flat)
    weights = grid.weights().reshape(SHAPE)
    assert weights.sum() == pytest.approx(1.0)
    for axes in combinations(range(3), 2):
        np.testing.assert_allclose(share.sum(axis=axes), weights.sum(axis=axes), atol=2e-3)


def test_an_evaluation_shows_one_seed_and_regret_counts_their_mean():
    env = gym.make("hpo_gym:RecordedHPO-v0", split="test", task=0, max_evaluations=60).unwrapped
    env.reset(seed=5)
    action = np.array([-0.5, 0.2, 0.5], dtype=np.float32)
    infos = [env.step(action)[-1] for _ in range(60)]
    assert len({info["loss"] for info in infos}) == 3
    assert len({info["regret"] for info in infos}) == 1
    best = FAMILY.best("test", 0, "f1")[1]
    scaled = FAMILY.space.scaled(tuple(action.astype(float).tolist()), ROW)
    exact = FAMILY.noiseless(FAMILY.sample("test", 0), scaled, ROW).f1
    assert infos[0]["regret"] == pytest.approx((best - exact) / best, abs=1e-12)
    counts = np.unique([info["loss"] for info in infos], return_counts=True)[1]
    assert counts.min() >= 8


def test_golden_episode():
    """thr, epochs, lr, F1, loss and regret when the tables were made."""
    env = gym.make("hpo_gym:RecordedHPO-v0", split="test", task=3).unwrapped
    env.reset(seed=0)
    generator = np.random.default_rng(7)
    expected = [
        (0.6251, 90, 0.5288, 0.5045045, 0.39599609, 0.16657232),
        (0.2252, 31, 1.559756, 0.50299401, 0.44750977, 0.16657232),
        (0.0053, 82, 0.669782, 0.51405622, 0.37207031, 0.17709649),
        (0.4679, 31, 0.00217, 0.49056604, 0.67822266, 0.17709649),
        (0.2549, 45, 0.026414, 0.59574468, 0.50878906, 0.03464631),
        (0.5535, 100, 0.637936, 0.42, 0.38720703, 0.03464631),
        (0.6222, 99, 0.00108, 0.0, 0.67236328, 0.03464631),
        (0.1602, 62, 0.000163, 0.51405622, 0.70996094, 0.03464631),
    ]
    for row in expected:
        info = env.step(generator.uniform(-1.0, 1.0, 3).astype(np.float32))[-1]
        seen = [info[name] for name in ("thr", "epochs", "lr", "f1", "loss", "regret")]
        np.testing.assert_allclose(seen, row, rtol=1e-6, atol=5e-5)


def test_optima_are_the_best_of_the_grid():
    index = np.array([2, 0, 2])
    scaled, score = FAMILY.best("train", index, "f1")
    for place, task in enumerate(index.tolist()):
        assert score[place] == f1_of("train", task).max()
        one, value = FAMILY.best("train", task, "f1")
        assert value == score[place]
        assert tuple(one) == tuple(scaled[:, place])


def test_tensors():
    c = FAMILY.sample("train", np.arange(5))
    scaled = FAMILY.space.scaled(tuple(np.random.default_rng(3).uniform(-1, 1, (3, 5))), ROWS)
    exact, seen = FAMILY.evaluate(c, scaled, None, (np.linspace(0, 0.99, 5),), ROWS)
    tensors = tuple(map(torch.tensor, scaled))
    draws = (torch.linspace(0, 0.99, 5, dtype=torch.float64),)
    c = type(c)(**{name: torch.tensor(column) for name, column in vars(c).items()})
    others = FAMILY.evaluate(c, tensors, None, draws, namespace_of(*tensors))
    for arrays, found in zip((exact, seen), others, strict=True):
        for array, tensor in zip(arrays, found, strict=True):
            np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-12)


def test_no_other_noise():
    for make in (
        lambda: TuningEnv(family="recorded", noise=0.1),
        lambda: TuningVectorEnv(2, family="recorded", noise=0.0),
    ):
        with pytest.raises(ValueError, match="has the noise of its training seeds and no other"):
            make()


def test_tables_are_many_small_and_quickly_read():
    assert sum(FAMILY.sizes.values()) >= 120
    size = sum(len(FOLDER.joinpath(name).read_bytes()) for name in ("tables.npz", "index.json"))
    assert size < 10 * 2**20
    tables.tables.cache_clear()
    began = time.process_time()
    tables.tables()
    assert time.process_time() - began < 1.0  # 0.3 s on an idle machine


def test_splits_share_no_data_set():
    origins = {
        split: {CARDS[key]["origin"] for key in CARDS if key[0] == split} for split in FAMILY.sizes
    }
    for one, other in combinations(origins.values(), 2):
        assert not one & other
    assert min(map(len, origins.values())) >= 8
    assert len({(card["source"], card["model"]) for card in CARDS.values()}) == len(CARDS)


def test_tables_are_distinct_and_hard():
    """The rule of `scripts.recording.choose`, computed anew from what is shipped."""
    patterns = []
    for (split, task), card in CARDS.items():
        f1 = f1_of(split, task)
        found = measured(f1)
        assert {name: round(value, 4) for name, value in found._asdict().items()} == {
            name: card[name] for name in found._fields
        }
        assert found.difficulty == card["difficulty"]
        assert found.best - found.median >= 0.1
        assert found.random >= 0.02
        centred = f1.ravel() - f1.mean()
        patterns.append(centred / np.linalg.norm(centred))
    correlation = np.array(patterns) @ np.array(patterns).T - np.eye(len(patterns))
    assert correlation.max() <= 0.9801


def test_what_random_search_leaves():
    """The closed form of the cards against searches."""
    task = FAMILY.sample("train", 0)
    unit = np.random.default_rng(4).uniform(-1.0, 1.0, (3, 16 * 4000))
    f1 = FAMILY.noiseless(task, FAMILY.space.scaled(tuple(unit), ROWS), ROWS).f1
    left = 1.0 - f1.reshape(4000, 16).max(axis=1).mean() / FAMILY.best("train", 0, "f1")[1]
    assert left == pytest.approx(CARDS["train", 0]["random"], rel=0.03)


def test_a_damaged_file_is_refused(monkeypatch):
    tables.tables.cache_clear()
    broken = {**tables.index(), "sha256": hashlib.sha256(b"").hexdigest()}
    monkeypatch.setattr(tables, "index", lambda: broken)
    with pytest.raises(ValueError, match="the installation is damaged; install hpo-gym again"):
        tables.tables()
    tables.tables.cache_clear()


def test_the_file_gives_back_what_was_packed():
    generator = np.random.default_rng(5)
    counts = -np.sort(-generator.integers(0, 900, (2, 3, 2, *SHAPE)), axis=-1)
    loss = generator.random((2, 3, *SHAPE[:2])).astype(np.float32)
    cards = [{"positives": 900, "negatives": 900}] * 2
    found = tables.unpacked(tables.packed(counts.astype(np.uint16), loss), cards)
    cell = np.ravel_multi_index((1, 7, 3, 20), (2, *SHAPE))
    assert found.counts[cell].tolist() == counts[1, :, :, 7, 3, 20].T.ravel().tolist()
    row = np.ravel_multi_index((1, 7, 3), (2, *SHAPE[:2]))
    np.testing.assert_allclose(found.curves[row, :3], loss[1, :, 7, 3], rtol=1e-3)
    halves = counts[1, :, :, 7, 3, 16]
    np.testing.assert_allclose(found.curves[row, 3:], (halves[:, 0] + 900 - halves[:, 1]) / 1800)
