"""The rough family: its equations, its one confusion matrix, its prior and its gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from as_tensors import tensors
from rough_by_scipy import FAMILY, direct, waves

from hpo_gym import TuningEnv, TuningVectorEnv, make_family, rng
from hpo_gym.arrays import Floats, Vectors, namespace_of
from hpo_gym.families.rough.equations import FREQUENCIES, SIGNS, WAVES
from hpo_gym.families.rough.family import read_prior
from hpo_gym.testing import check_family

ROWS, ROW = Vectors(), Floats()
PRIOR = read_prior()


@pytest.fixture(autouse=True)
def folder_of_optima(tmp_path_factory, monkeypatch):
    """Optima of this module's banks are solved here once, and left nowhere else."""
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path_factory.getbasetemp() / "optima"))


def configurations(count, seed=0):
    unit = np.random.default_rng(seed).uniform(-1.0, 1.0, size=(3, count))
    return FAMILY.space.scaled(tuple(unit), ROWS)


def test_conformance(monkeypatch):
    """On small banks: whole ones take a minute."""
    monkeypatch.setattr(type(FAMILY), "sizes", dict.fromkeys(FAMILY.sizes, 40))
    check_family("rough", rows=120, tasks=1)


def test_equations():
    index = np.arange(300)
    c, scaled = FAMILY.sample("train", index), configurations(300)
    found = FAMILY.rates(c, scaled, ROWS)
    for row in index.tolist():
        one, (thr, epochs, z) = c.row(row), (float(column[row]) for column in scaled)
        expected = *direct(one, thr, epochs, z), *direct(one, 0.5, epochs, z)[:2]
        values = [float(column[row]) for column in found]
        recall, false, recall_at_half, false_at_half, loss = values
        seen = recall, false, loss, recall_at_half, false_at_half
        np.testing.assert_allclose(seen, expected, rtol=1e-9, atol=1e-11, err_msg=str(row))
    other = c.replace(amplitude=0.0 * c.amplitude)  # the comparison can fail
    assert np.abs(FAMILY.rates(other, scaled, ROWS).recall - found.recall).max() > 0.1


def test_both_rates_fall_with_the_threshold():
    """Else there were no confusion matrix for each threshold of one classifier."""
    tasks, levels = 1500, np.linspace(0.0, 1.0, 101)
    c, scaled = FAMILY.sample("test", np.arange(tasks)), configurations(tasks, seed=1)
    rates = [FAMILY.rates(c, (np.full(tasks, thr), *scaled[1:]), ROWS) for thr in levels]
    for name in ("recall", "false_positive"):
        steps = np.diff([getattr(at, name) for at in rates], axis=0)
        assert steps.max() <= 1e-12
        assert (np.sum(steps, axis=0) < -0.2).mean() > 0.8
    half = rates[50]
    np.testing.assert_allclose(half.recall, half.recall_at_half, rtol=1e-9)
    np.testing.assert_allclose(half.false_positive, half.false_positive_at_half, rtol=1e-9)


@pytest.mark.parametrize("base", [0.0, 1.0])
def test_metrics_belong_to_one_confusion_matrix(base):
    c, scaled = FAMILY.sample("train", np.arange(5000)), configurations(5000)
    draws = np.random.default_rng(2).random((4, 5000))
    exact, seen = FAMILY.evaluate(c, scaled, None, draws, ROWS)
    mine = c.base == base
    assert 0.45 < mine.mean() < 0.55
    for precision, recall, _, accuracy, f1 in (exact, seen):
        for column in (precision, recall, accuracy, f1):
            assert ((column >= 0.0) & (column <= 1.0)).all()
        some = mine & (precision * recall > 1e-9)
        hits = recall[some] * c.positives[some]
        alarms = hits * (1.0 / precision[some] - 1.0)
        assert alarms.max() > 1.0
        assert (alarms <= c.negatives[some] * (1.0 + 1e-9)).all()
        expected = 2.0 * hits / (hits + alarms + c.positives[some])
        np.testing.assert_allclose(f1[some], expected, rtol=1e-9)
    hits = seen.recall * c.positives
    np.testing.assert_allclose(hits, np.rint(hits), atol=1e-9)


def test_the_fictitious_precision_is_what_is_gained_on_the_worst():
    """Without warps and residual: all negatives at p = 0, none at p = 1; their F1 is of both."""
    c = FAMILY.sample("train", np.arange(400))
    plain = {name: 0.0 * c.base for name in ("amplitude", "amplitude_thr", "amplitude_loss")}
    ones = ("warp_epochs", "warp_lr", "steepness")
    plain |= {"shift": 0.0 * c.base} | {name: 0.0 * c.base + 1.0 for name in ones}
    c = c.replace(base=0.0 * c.base, **plain)
    scaled = np.array(configurations(400, seed=3))
    scaled[0] = np.clip(scaled[0], 1e-4, 1.0 - 1e-4)
    scaled[1:] = np.maximum(scaled[1:].T, [1.1, -3.9]).T
    rates = FAMILY.rates(c, tuple(scaled), ROWS)
    stated = make_family("fictitious").noiseless(c, tuple(scaled), ROWS)
    np.testing.assert_allclose(rates.recall, stated[1], rtol=1e-9)
    pi = c.positives / (c.positives + c.negatives)
    worst = pi * rates.recall / (pi * rates.recall + 1.0 - pi)
    precision = FAMILY.noiseless(c, tuple(scaled), ROWS).precision
    np.testing.assert_allclose(precision, worst + (1.0 - worst) * stated[0], rtol=1e-8)
    assert (stated[0] < worst).any()  # such a pair belongs to no confusion matrix


def test_residual_is_a_smooth_random_function():
    """Of unit variance over tasks, hardly correlated, and of the stated length."""
    assert FREQUENCIES.shape == (WAVES, 2)
    np.testing.assert_allclose(SIGNS @ SIGNS.T, 2.0 * np.eye(5), atol=1e-12)
    np.testing.assert_allclose((FREQUENCIES**2).mean(axis=0), 1.0, atol=0.2)
    c = FAMILY.sample("train", np.arange(3000))
    c = c.replace(length_epochs=0.0 * c.base + 0.5, length_lr=0.0 * c.base + 0.25)

    def at(epochs, z):
        return np.array([waves(c.row(i), epochs, z) for i in range(3000)]).T

    here = at(30.0, -2.0)
    np.testing.assert_allclose(here.mean(axis=1), 0.0, atol=0.07)
    np.testing.assert_allclose(np.cov(here), np.eye(5), atol=0.1)
    for other, distance in (((54.75, -2.0), 0.5), ((30.0, -0.8), 1.0)):
        products = (here * at(*other)).mean(axis=1)
        np.testing.assert_allclose(products, np.exp(-0.5 * distance**2), atol=0.15)


def test_draws_follow_the_prior():
    bank = FAMILY.bank("train")
    assert bank.base.mean() == pytest.approx(PRIOR["binormal"], abs=0.01)
    assert np.median(bank.steepness) == pytest.approx(PRIOR["thr"]["steepness"], rel=0.02)
    assert np.log(bank.steepness).std() == pytest.approx(PRIOR["thr"]["sigma"], rel=0.02)
    assert bank.shift.std() == pytest.approx(PRIOR["thr"]["shift"], rel=0.02)
    cases = np.median(bank.positives + bank.negatives)
    assert cases == pytest.approx(PRIOR["cases"] * np.sqrt(60.0 * 1500.0), rel=0.05)
    for name, sigma in PRIOR["warp"].items():
        logarithm = np.log(getattr(bank, f"warp_{name}"))
        assert logarithm.mean() == pytest.approx(0.0, abs=0.01)
        assert logarithm.std() == pytest.approx(sigma, rel=0.02)
    for name, (low, high) in PRIOR["length"].items():
        column = getattr(bank, f"length_{name}")
        assert low <= column.min() < 1.01 * low < 0.99 * high < column.max() <= high
        assert np.median(column) == pytest.approx(np.sqrt(low * high), rel=0.02)
    most, power = PRIOR["amplitude"].values()
    assert np.median(bank.amplitude) == pytest.approx(most * 0.5**power, rel=0.03)
    for name, share in PRIOR["share"].items():
        np.testing.assert_allclose(getattr(bank, f"amplitude_{name}"), share * bank.amplitude)
    np.testing.assert_allclose(bank.common**2 + bank.own**2, 1.0, rtol=1e-12)
    phases = np.array([getattr(bank, f"phase_{k}") for k in range(WAVES)])
    assert np.abs(np.corrcoef(phases) - np.eye(WAVES)).max() < 0.03
    columns = np.array([bank.amplitude, bank.length_lr, bank.warp_lr, bank.z0, bank.recall_slope])
    assert np.abs(np.corrcoef(columns) - np.eye(5)).max() < 0.03


def test_splits_differ_and_bases_are_those_of_the_families():
    banks = {split: FAMILY.bank(split) for split in FAMILY.sizes}
    amplitudes = np.concatenate([bank.amplitude for bank in banks.values()])
    assert len(np.unique(amplitudes)) == sum(FAMILY.sizes.values())
    shifted = banks.pop("shifted")
    assert 0.2 <= shifted.z0.min() < shifted.z0.max() <= 0.9
    assert all(bank.z0.max() < 0.14 for bank in banks.values())
    key = rng.derive(rng.text_key(f"rough/{FAMILY.version}/test"), np.array([7], np.uint64))
    one, drawn = FAMILY.sample("test", 7), FAMILY.draw("test", key)
    assert {*FAMILY.parameter_names} <= {*drawn}
    expected = [drawn[name][0] for name in FAMILY.parameter_names]
    np.testing.assert_allclose([*vars(one).values()], expected, rtol=1e-12)
    kin = make_family("binormal").bank("test").z0
    assert not np.isin(banks["test"].z0, kin[(kin > kin.min()) & (kin < kin.max())]).any()


@pytest.mark.parametrize("base", [0.0, 1.0])
def test_likelihood_finds_the_task(base):
    """Among 4,096 tasks; a control: what another task shows does not point to this one."""
    bank, generator = FAMILY.bank("validation"), np.random.default_rng(11)
    tasks, right, wrong = np.flatnonzero(bank.base == base)[:30].tolist(), [], []
    for task in tasks:
        c, total = FAMILY.sample("validation", task), np.zeros(4096)
        for _ in range(6):
            scaled = FAMILY.space.scaled(tuple(generator.uniform(-1.0, 1.0, 3).tolist()), ROW)
            draws = tuple(generator.random(4).tolist())
            seen = FAMILY.evaluate(c, scaled, None, draws, ROW)[1]
            total += FAMILY.log_likelihood(bank, scaled, seen, ROWS)
        assert np.isfinite(total).all()
        right.append((total > total[task]).mean())
        wrong.append((total > total[task - 1]).mean())
    assert np.mean(right) < 0.01
    assert np.mean(wrong) > 0.2


def test_gradients():
    """Equal to differences, and finite in float32, also of counts and in the corners."""
    c, scaled = FAMILY.sample("train", np.arange(500)), np.array(configurations(500, seed=14))
    inner = np.clip(scaled.T, [0.05, 3.0, -3.8], [0.95, 98.0, 0.7]).T
    x = torch.tensor(inner, requires_grad=True)
    f1 = FAMILY.noiseless(tensors(c, torch.float64), tuple(x), namespace_of(x)).f1
    (gradient,) = torch.autograd.grad(f1.sum(), x)
    assert (gradient.abs() > 1e-6).float().mean() > 0.5
    for axis, step in enumerate((1e-6, 1e-5, 1e-6)):
        moved = [inner + sign * step * np.eye(3)[axis][:, None] for sign in (1.0, -1.0)]
        up, down = (FAMILY.noiseless(c, tuple(m), ROWS).f1 for m in moved)
        slope = (up - down) / (2.0 * step)
        close = np.isclose(gradient[axis].numpy(), slope, rtol=1e-4, atol=1e-6)
        assert close.mean() > 0.99  # the binormal model has a kink where it clips thr
    corners = np.array(FAMILY.space.scaled(tuple(np.sign(scaled - np.median(scaled))), ROWS))
    small = torch.tensor(
        np.where(np.arange(500) < 250, scaled, corners), dtype=torch.float32, requires_grad=True
    )
    draws = torch.rand(4, 500, generator=torch.Generator().manual_seed(0))
    narrow = tensors(c, torch.float32)
    for metrics in FAMILY.evaluate(narrow, tuple(small), None, draws, namespace_of(small)):
        for column in metrics:
            (found,) = torch.autograd.grad(column.sum(), small, retain_graph=True)
            assert torch.isfinite(found).all()


def test_vector_environment_equals_scalar_ones(monkeypatch):
    monkeypatch.setattr(type(FAMILY), "sizes", dict.fromkeys(FAMILY.sizes, 64))
    options = {"family": "rough", "split": "validation", "start": "none", "max_evaluations": 3}
    vector = TuningVectorEnv(num_envs=5, **options)
    vector.reset(seed=20)
    actions = np.random.default_rng(15).uniform(-1, 1, size=(3, 5, 3)).astype(np.float32)
    found, tasks = [vector.step(action) for action in actions], set()
    for row in range(5):
        env = TuningEnv(**options)
        env.reset(seed=20 + row)
        for action, (observation, reward, *_, info) in zip(actions, found, strict=True):
            one, gain, *_, own = env.step(action[row])
            np.testing.assert_array_equal(one, observation[row])
            assert gain == reward[row]
            assert (own["f1"], own["regret"]) == (info["f1"][row], info["regret"][row])
        tasks.add(own["task"])
    assert len(tasks) > 3


def test_it_has_the_noise_of_its_counts_and_no_model_to_give():
    with pytest.raises(ValueError, match="family 'rough' has the noise of its counts and no other"):
        FAMILY.check_noise(0.1)
    with pytest.raises(ValueError, match="family 'rough' takes no 'model' option"):
        FAMILY.with_model({"base": 1.0})
