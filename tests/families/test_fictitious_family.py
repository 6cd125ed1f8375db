"""The family of fictitious models: what is drawn, its banks and its optima."""

from types import SimpleNamespace

import numpy as np
import pytest

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.families import FictitiousModel, make_family
from hpo_gym.testing import check_family

ROWS = Vectors()
FAMILY = make_family("fictitious")
LOW, HIGH = -4.0, 0.8

KNOWN = {
    "f1": [0.6395897683813697, 0.4510084767174893, 0.48487513284609285],
    "k_accuracy": [0.7411671862875078, 0.7350477015401303, 0.8339487589095905],
    "lr_slope": [-1.2583067392661564, -0.07982789188674368, 0.7120133648608804],
    "noise": [0.001581767968386453, 0.012880793252428923, 0.004134534033650527],
}


def accuracy_curve(bank, name, x):
    log = np.log10(
        getattr(bank, f"{name}_intercept") - getattr(bank, f"{name}_slope") * np.asarray(x)
    )
    return getattr(bank, f"{name}_curvature") * log * log


def quantities(split):
    """What a plot of the tasks shows, computed from their constants alone."""
    bank = FAMILY.bank(split)
    peaks = {
        name: (getattr(bank, f"{name}_intercept") - 1.0) / getattr(bank, f"{name}_slope")
        for name in ("accuracy_epochs", "accuracy_lr", "loss_lr")
    }
    return SimpleNamespace(
        precision_middle=np.log(bank.precision_offset) / bank.precision_slope,
        recall_middle=-np.log(bank.recall_offset) / bank.recall_slope,
        slopes=np.stack([bank.precision_slope, bank.recall_slope]),
        epochs_peak=peaks["accuracy_epochs"],
        lr_peak=peaks["accuracy_lr"],
        loss_peak=peaks["loss_lr"],
        epochs_drops=[accuracy_curve(bank, "accuracy_epochs", x) for x in (0.0, 100.0)],
        lr_drops=[accuracy_curve(bank, "accuracy_lr", x) for x in (LOW, HIGH)],
        loss_rises=[accuracy_curve(bank, "loss_lr", x) for x in (LOW, HIGH)],
        bank=bank,
    )


def assert_uniform(values, low, high, *, rel=1e-6):
    """Kolmogorov and Smirnov's distance from the uniform distribution, below its 0.1 % point."""
    slack = rel * (high - low)
    assert low - slack <= values.min() < values.max() <= high + slack
    ranks = np.arange(1, len(values) + 1) / len(values)
    distance = np.abs((np.sort(values) - low) / (high - low) - ranks).max()
    assert distance < 1.95 / np.sqrt(len(values)), distance


def test_conformance():
    check_family("fictitious", rows=60, tasks=3)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_what_is_drawn(split):
    """Every curve goes through the points that were drawn: its constants solve the equations."""
    q = quantities(split)
    assert_uniform(q.precision_middle, 0.05, 0.75)
    assert_uniform(q.recall_middle - q.precision_middle, -0.05, 0.4)
    for slope in q.slopes:
        assert_uniform(np.log10(slope), 0.7, 1.5)
    assert_uniform(q.bank.precision_floor, 0.0, 0.4)
    assert_uniform(q.epochs_peak, 15.0, 99.0, rel=1e-4)
    for drop, high in zip(q.epochs_drops, (0.75, 0.3), strict=True):
        assert_uniform(drop, 0.005, high, rel=1e-4)
    assert_uniform(q.lr_peak, -3.5, 0.5, rel=1e-4)
    for drop in q.lr_drops:
        assert_uniform(drop, 0.02, 0.6, rel=1e-4)
    for rise in q.loss_rises:
        assert_uniform(rise, 0.02, 0.5, rel=1e-4)
    assert_uniform(q.bank.k_accuracy, 0.7, 1.0)
    inside = (q.loss_peak > -3.69) & (q.loss_peak < 0.59)
    shift = (q.loss_peak - q.lr_peak - 0.5)[inside & (np.abs(q.lr_peak + 1.5) < 0.5)]
    assert shift.mean() == pytest.approx(0.0, abs=0.05)
    assert shift.std() == pytest.approx(0.4, rel=0.05)
    assert np.mean(q.bank.noise == 0.0) == pytest.approx(0.1, abs=0.02)
    assert_uniform(np.log10(q.bank.noise[q.bank.noise > 0.0]), -3.0, -1.5)


def test_shifted_is_outside():
    """Each shifted task has one of three quantities where no other split ever draws."""
    q = quantities("shifted")
    early, left = q.epochs_peak < 15.0 - 1e-4, q.lr_peak < -3.5 - 1e-6
    steep = (q.slopes > 10.0**1.5).all(axis=0)
    assert (early.astype(int) + left + steep == 1).all()
    for kind in (early, left, steep):
        assert kind.mean() == pytest.approx(1 / 3, abs=0.03)
    for split in ("train", "validation", "test"):
        other = quantities(split)
        assert other.epochs_peak.min() > 15.0 - 1e-4
        assert other.lr_peak.min() > -3.5 - 1e-6
        assert other.slopes.max() < 10.0**1.5


def test_splits_never_meet():
    """A task's key is a hash of family, split and index."""
    keys = [
        rng.derive(rng.text_key(f"fictitious-family/1/{split}"), np.arange(size, dtype=np.uint64))
        for split, size in FAMILY.sizes.items()
    ]
    together = np.concatenate(keys)
    assert len(np.unique(together)) == len(together) == sum(FAMILY.sizes.values())
    rows = np.concatenate([FAMILY.bank(split).k_accuracy for split in FAMILY.sizes])
    assert len(np.unique(rows)) == len(rows)


def test_first_tasks_are_what_they_were():
    """A change of the draws changes every result: it must raise the family's version."""
    bank = FAMILY.bank("test")
    assert FAMILY.version == 1
    assert bank.k_accuracy[:3].tolist() == pytest.approx(KNOWN["k_accuracy"], rel=1e-12)
    assert bank.accuracy_lr_slope[:3].tolist() == pytest.approx(KNOWN["lr_slope"], rel=1e-9)
    assert bank.noise[:3].tolist() == pytest.approx(KNOWN["noise"], rel=1e-12)
    assert FAMILY.optima("test", "f1").score[:3].tolist() == pytest.approx(KNOWN["f1"], rel=1e-9)


@pytest.mark.parametrize("metric", ["f1", "accuracy", "loss"])
def test_optima_against_brute_force(metric):
    """Never below a dense grid, nor above its neighbourhood; the single-task optimum agrees."""
    thr, epochs = np.linspace(0.0, 1.0, 201), np.arange(1.0, 101.0)
    z = np.linspace(LOW, HIGH, 193)
    grid = tuple(axis.ravel() for axis in np.meshgrid(thr, epochs, z, indexing="ij"))
    if metric != "f1":
        grid = tuple(column[: len(epochs) * len(z)] for column in grid)
    for split, task in (("test", 0), ("test", 17), ("shifted", 3), ("shifted", 8)):
        parameters = FAMILY.sample(split, task)
        configuration, score = FAMILY.best(split, task, metric)
        values = FAMILY.score(FAMILY.noiseless(parameters, grid, ROWS), metric, ROWS)
        assert values.max() <= score + 1e-9
        assert values.max() >= score - 2e-3
        exact = FAMILY.noiseless(parameters, tuple(configuration), ROWS)
        assert FAMILY.score(exact, metric, ROWS) == pytest.approx(score, abs=1e-12)
        assert FAMILY.optimum(parameters, metric)[1] == pytest.approx(score, abs=1e-12)
        model = FictitiousModel(**{k: v for k, v in vars(parameters).items() if k != "noise"})
        best = model.optimum(metric).value
        assert score == pytest.approx(1.0 / (1.0 + best) if metric == "loss" else best, abs=1e-9)


def test_all_tasks_are_admissible_models():
    for split in ("validation", "shifted"):
        for task in range(0, 4096, 64):
            FictitiousModel(
                **{k: v for k, v in vars(FAMILY.sample(split, task)).items() if k != "noise"}
            )


def test_likelihood_is_the_density_of_what_is_observed():
    """Against SciPy, and the task that made an observation is likelier than others."""
    from scipy.stats import norm

    index = np.arange(200)
    parameters = FAMILY.sample("train", index)
    scaled = (0.4, 40.0, -1.5)
    one = FAMILY.sample("train", 7)
    one.noise = 0.02
    observed = FAMILY.evaluate(one, scaled, None, (0.3, -1.0, 0.5, 2.0), ROWS)[1]
    found = FAMILY.log_likelihood(parameters, scaled, observed, ROWS)
    exact = FAMILY.noiseless(parameters, scaled, ROWS)
    sd = np.maximum(parameters.noise, 1e-3)
    wanted = sum(norm.logpdf(observed[i], exact[i], sd) for i in (0, 1, 3))
    wanted += norm.logpdf(observed[2], exact[2], sd * exact[2])
    np.testing.assert_allclose(found - found[0], wanted - wanted[0], rtol=1e-9, atol=1e-6)
