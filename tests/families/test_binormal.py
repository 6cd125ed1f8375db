"""The binormal family: its equations, noise, prior and likelihood."""

from __future__ import annotations

import json
from importlib.resources import files

import gymnasium as gym
import numpy as np
import pytest
import torch
from as_tensors import tensors
from binormal_by_scipy import FAMILY, configurations, direct, direct_metrics

from hpo_gym import TuningEnv, TuningVectorEnv, rng
from hpo_gym.arrays import Floats, Vectors, namespace_of
from hpo_gym.families.binormal.equations import rates
from hpo_gym.families.binormal.family import RANGES
from hpo_gym.families.counts import observed
from hpo_gym.testing import check_family

ROWS, ROW = Vectors(), Floats()
PRIOR = json.loads(files("hpo_gym").joinpath("families/binormal/prior.json").read_text())


@pytest.fixture(autouse=True)
def folder_of_optima(tmp_path_factory, monkeypatch):
    """Optima of this module's banks are solved here once, and left nowhere else."""
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path_factory.getbasetemp() / "optima"))


def test_conformance():
    check_family("binormal", rows=150, tasks=3)


def test_equations():
    index = np.random.default_rng(1).integers(2**17, size=20_000)
    scaled = configurations(20_000)
    c = FAMILY.sample("train", index)
    found = FAMILY.noiseless(c, scaled, ROWS)
    expected = direct_metrics(c, scaled[0], scaled[1], 10.0 ** scaled[2])
    for name, one, other in zip(FAMILY.metrics[1:], found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=2e-12, err_msg=name)
    some = direct(c, scaled[0], scaled[1], 10.0 ** scaled[2])
    likely = some[0] + some[1] > 1e-20  # else nothing is predicted positive
    np.testing.assert_allclose(found[0][likely], expected[0][likely], atol=1e-10)
    assert np.isfinite(found[0]).all()
    with pytest.raises(AssertionError):  # the comparison can fail
        np.testing.assert_allclose(found[4], FAMILY.noiseless(c, scaled[::-1], ROWS)[4], rtol=0.1)


def test_metrics_belong_to_one_confusion_matrix():
    c, scaled = FAMILY.sample("train", np.arange(5000)), configurations(5000)
    draws = np.random.default_rng(2).random((4, 5000))
    for precision, recall, _, _, f1 in FAMILY.evaluate(c, scaled, None, draws, ROWS):
        some = precision + recall > 1e-9
        mean = 2.0 * precision * recall / (precision + recall + 1e-300)
        np.testing.assert_allclose(f1[some], mean[some], rtol=1e-9)


def test_noise_is_that_of_counts():
    rows = 100_000
    c = FAMILY.with_model({"pi": 0.3, "n": 200})
    assert (c.positives, c.negatives) == (60.0, 140.0)
    scaled = (0.4, 30.0, -1.0)
    recall, false, recall_at_half, false_at_half, loss = direct(c, 0.4, 30.0, 0.1)
    wide = tuple(np.full(rows, value) for value in scaled)
    draws = np.random.default_rng(4).random((4, rows))
    exact, seen = FAMILY.evaluate(FAMILY.expand(c, rows), wide, None, draws, ROWS)
    assert (seen.loss == exact.loss).all()
    assert seen.loss[0] == pytest.approx(loss, rel=1e-12)
    hits = seen.recall * 60.0
    np.testing.assert_allclose(hits, np.rint(hits), atol=1e-12)
    alarms = hits * (1.0 / seen.precision - 1.0)
    np.testing.assert_allclose(alarms, np.rint(alarms), atol=1e-9)
    for counts, size, share in ((hits, 60.0, recall), (alarms, 140.0, false)):
        deviation = np.sqrt(size * share * (1.0 - share) + 1.0 / 12.0)
        assert counts.mean() == pytest.approx(size * share, abs=0.02 * deviation)
        assert counts.std() == pytest.approx(deviation, rel=0.02)
    variance = 60.0 * recall_at_half * (1.0 - recall_at_half) + 1.0 / 12.0
    variance += 140.0 * false_at_half * (1.0 - false_at_half) + 1.0 / 12.0
    assert seen.accuracy.mean() == pytest.approx(exact.accuracy[0], abs=1e-3)
    assert seen.accuracy.std() == pytest.approx(np.sqrt(variance) / 200.0, rel=0.02)
    assert np.abs(np.corrcoef([hits, alarms, seen.accuracy]) - np.eye(3)).max() < 0.02


def test_noise_stays_in_range_at_the_extremes():
    c = FAMILY.sample("train", np.arange(4000))
    for thr in (0.0, 1.0):
        scaled = (np.full(4000, thr), *configurations(4000)[1:])
        for size in (-8.0, 8.0):
            seen = observed(c, rates(c, scaled, ROWS), np.full((4, 4000), size), ROWS)
            for name in ("precision", "recall", "accuracy", "f1"):
                column = getattr(seen, name)
                assert ((column >= 0.0) & (column <= 1.0)).all(), name
            nothing = seen.recall == 0.0
            assert (seen.precision[nothing] == 0.0).all()
            assert (seen.f1[nothing] == 0.0).all()
    assert nothing.any()


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_noise_of_ones_own_is_refused(noise):
    with pytest.raises(ValueError, match="noise of its counts and no other"):
        FAMILY.check_noise(noise)
    if noise:
        with pytest.raises(ValueError, match="noise of its counts and no other"):
            TuningEnv(family="binormal", split="test", noise=noise)


def test_draws_follow_the_prior():
    bank = FAMILY.bank("train")
    cases = bank.positives + bank.negatives
    drawn = {
        **{name: getattr(bank, name) for name in PRIOR["parameters"] if hasattr(bank, name)},
        "log10_k": np.log10(bank.k),
        "log10_h": np.log10(bank.h),
        "Linf_over_L0": bank.Linf / bank.L0,
        "zl_minus_z0": bank.zl - bank.z0,
    }
    assert {*drawn, "pi"} == set(PRIOR["parameters"])
    for name, column in drawn.items():
        levels = np.quantile(column, PRIOR["levels"])
        spread = np.ptp(PRIOR["parameters"][name])
        np.testing.assert_allclose(
            levels[1:-1], PRIOR["parameters"][name][1:-1], atol=0.02 * spread, err_msg=name
        )
        assert column.min() >= PRIOR["parameters"][name][0] - 1e-9
        assert column.max() <= PRIOR["parameters"][name][-1] + 1e-9
    large = cases > 1000.0
    pi = bank.positives[large] / cases[large]
    assert np.median(pi) == pytest.approx(PRIOR["parameters"]["pi"][4], rel=0.05)
    assert min(bank.positives.min(), bank.negatives.min()) == 3.0
    assert (cases.min(), cases.max()) == (60.0, 1500.0)
    assert np.quantile(np.log(cases), 0.25) == pytest.approx(np.log(60.0 * 25.0**0.25), abs=0.02)


def test_draws_correlate_as_the_prior_says():
    bank, names = FAMILY.bank("train"), list(PRIOR["parameters"])
    smooth = ("z0", "beta", "d0", "L0", "lh")  # few ties: ranks tell the normal scores' correlation
    ranks = [np.argsort(np.argsort(getattr(bank, name))) for name in smooth]
    normal = 2.0 * np.sin(np.pi / 6.0 * np.corrcoef(ranks))
    place = [names.index(name) for name in smooth]
    expected = np.array(PRIOR["correlation"])[np.ix_(place, place)]
    np.testing.assert_allclose(normal, expected, atol=0.03)
    assert np.abs(expected - np.eye(5)).max() > 0.2  # otherwise this would test nothing


def test_splits_differ_and_shifted_lies_outside():
    banks = {split: FAMILY.bank(split) for split in FAMILY.sizes}
    for split, bank in banks.items():
        assert len(bank.z0) == FAMILY.sizes[split]
        others = np.concatenate([banks[other].L0 for other in banks if other != split])
        inside = (bank.L0 > 0.48) & (bank.L0 < 2.02)  # the ends hold many tasks
        assert not np.isin(bank.L0[inside], others).any()
    shifted = banks.pop("shifted")
    assert 0.2 <= shifted.z0.min() < shifted.z0.max() <= 0.9
    assert all(bank.z0.max() < 0.14 for bank in banks.values())


def test_known_task():
    c = FAMILY.sample("test", 7)
    assert c == FAMILY.sample("test", np.array([3, 7])).row(1)
    key = rng.derive(rng.text_key("binormal/1/test"), np.array([7], np.uint64))
    drawn = FAMILY.draw("test", key)
    assert c.z0 == drawn["z0"][0]


def test_likelihood_finds_the_task():
    """Among 4,096 tasks; a control: what another task shows does not point to this one."""
    bank, generator = FAMILY.bank("validation"), np.random.default_rng(11)
    right, wrong = [], []
    for task in range(40):
        c, total = FAMILY.sample("validation", task), np.zeros(4096)
        for _ in range(4):
            unit = tuple(generator.uniform(-1.0, 1.0, 3).tolist())
            scaled = FAMILY.space.scaled(unit, ROW)
            draws = tuple(generator.random(4).tolist())
            seen = FAMILY.evaluate(c, scaled, None, draws, ROW)[1]
            total += FAMILY.log_likelihood(bank, scaled, seen, ROWS)
        assert np.isfinite(total).all()
        right.append((total > total[task]).mean())
        wrong.append((total > total[task + 1]).mean())
    assert np.mean(right) < 0.01
    assert np.mean(wrong) > 0.2


@pytest.mark.parametrize("seen", [(0.0, 0.0), (1.0, 1.0), (0.01, 1.0), (1.0, 0.3)])
def test_likelihood_is_finite_everywhere(seen):
    bank = FAMILY.bank("shifted")
    for scaled in ((0.0, 1.0, -4.0), (1.0, 100.0, 0.8), (0.5, 30.0, -1.0)):
        total = FAMILY.log_likelihood(bank, scaled, (*seen, 40.0, 0.0, 0.0), ROWS)
        assert np.isfinite(total).all()


def test_model_from_constants():
    c = FAMILY.with_model({"z0": -1.0, "n": 100, "pi": 0.01, "L0": 2, "Linf_over_L0": 0.5})
    assert (c.positives, c.negatives) == (3.0, 97.0)  # at least 3 of each class
    assert (c.z0, c.L0, c.Linf, c.beta) == (-1.0, 2.0, 1.0, -0.8522)
    assert c.zl == pytest.approx(-1.0 - 0.0172)
    assert c.k == pytest.approx(10.0**-0.0753)
    assert all(type(value) is float for value in vars(c).values())
    assert set(vars(c)) == set(FAMILY.parameter_names)
    env = TuningEnv(family="binormal", split="validation")
    _, info = env.reset(seed=1, options={"model": {"pi": 0.4}})
    assert info["task"] == -1


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        ({"z1": 0.0}, r"unknown constants \['z1'\].*known: \['D', 'L0'"),
        ({"D": 1.5}, r"D = 1.5 must be a number in \[0, 1\]"),
        ({"pi": 0.0}, r"pi = 0.0 must be a number in \[0.01, 0.99\]"),
        ({"n": float("nan")}, "n = nan must be a finite number"),
        ({"ld": "low"}, "ld = 'low' must be a finite number"),
        ({"d1": True}, "d1 = True must be a finite number"),
        ([("d1", 1.0)], "must be a dict of constants"),
    ],
)
def test_models_that_do_not_exist(constants, words):
    with pytest.raises(ValueError, match=words):
        FAMILY.with_model(constants)


def test_prior_lies_in_the_ranges():
    assert PRIOR["version"] == 1
    assert set(RANGES) == {*PRIOR["parameters"], "n"}
    for name, quantiles in PRIOR["parameters"].items():
        assert RANGES[name][0] <= quantiles[0] <= quantiles[-1] <= RANGES[name][1]


def test_gradients():
    """Equal to differences; those of counts are those of unrounded counts; finite in float32."""
    c, scaled = FAMILY.sample("train", np.arange(500)), configurations(500, seed=14)
    scaled = np.stack([np.clip(scaled[0], 0.01, 0.99), *scaled[1:]])
    x = torch.tensor(scaled, requires_grad=True)
    xp, wide = namespace_of(x), tensors(c, torch.float64)
    f1 = FAMILY.noiseless(wide, tuple(x), xp).f1
    (gradient,) = torch.autograd.grad(f1.sum(), x)
    for axis, step in enumerate((1e-6, 1e-5, 1e-6)):
        moved = [scaled + sign * step * np.eye(3)[axis][:, None] for sign in (1.0, -1.0)]
        up, down = (FAMILY.noiseless(c, tuple(m), ROWS).f1 for m in moved)
        slope = (up - down) / (2.0 * step)
        np.testing.assert_allclose(gradient[axis].numpy(), slope, rtol=1e-4, atol=1e-6)
    zero = torch.zeros(4, 500, dtype=torch.float64)
    seen = FAMILY.evaluate(wide, tuple(x), None, zero, xp)[1]
    exact = FAMILY.noiseless(wide, tuple(x), xp)
    (one,) = torch.autograd.grad(seen.recall.sum(), x)
    (other,) = torch.autograd.grad(exact.recall.sum(), x)
    np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12)
    assert (one.abs() > 1e-6).any()
    small = torch.tensor(scaled, dtype=torch.float32, requires_grad=True)
    draws = torch.rand(4, 500, generator=torch.Generator().manual_seed(0))
    narrow = tensors(c, torch.float32)
    for metrics in FAMILY.evaluate(narrow, tuple(small), None, draws, namespace_of(small)):
        for column in metrics:
            (found,) = torch.autograd.grad(column.sum(), small, retain_graph=True)
            assert torch.isfinite(found).all()


def test_vector_environment_equals_scalar_ones():
    options = {"family": "binormal", "split": "validation", "start": "none", "max_evaluations": 3}
    vector = TuningVectorEnv(num_envs=5, **options)
    vector.reset(seed=20)
    actions = np.random.default_rng(15).uniform(-1, 1, size=(3, 5, 3)).astype(np.float32)
    found = [vector.step(action) for action in actions]
    tasks = set()
    for row in range(5):
        env: gym.Env = TuningEnv(**options)
        env.reset(seed=20 + row)
        for action, (observation, reward, *_, info) in zip(actions, found, strict=True):
            one, gain, *_, own = env.step(action[row])
            np.testing.assert_array_equal(one, observation[row])
            assert gain == reward[row]
            assert (own["f1"], own["regret"]) == (info["f1"][row], info["regret"][row])
        tasks.add(own["task"])
    assert len(tasks) == 5
