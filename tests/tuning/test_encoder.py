"""Encoding a plain list of trials gives what an environment shows, and decoding gives it back."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv, make_family
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.tuning import Encoder, Trial

LAYOUTS = [
    {"start": "none", "observation": "summary"},
    {"start": "none", "observation": "history"},
    {"start": "random", "observation": "summary", "noise": 0.1},
    {"start": "random", "observation": "history", "metric": "accuracy"},
    {"start": "none", "observation": "history", "metric": "loss", "noise": 0.3},
    {"start": "none", "observation": "history", "family": "fictitious"},
    {"start": "random", "observation": "history", "family": "binormal", "metric": "loss"},
    {"start": "none", "observation": "history", "family": "beale", "metric": "f"},
]


def encoder_of(options):
    """An encoder without any environment."""
    return Encoder(
        make_family(options.get("family", "notebook")),
        options.get("metric", "f1"),
        max_evaluations=options["max_evaluations"],
        observation=options["observation"],
        start_evaluated=options["start"] != "none",
    )


def play(env, seed, rows=None):
    """(observation, unit configuration, metrics) of a start and of a whole random episode."""
    generator = np.random.default_rng(seed)
    family = env.unwrapped.process.family
    observation, info = env.reset(seed=seed)
    shape = env.action_space.shape
    for _ in range(env.unwrapped.process.options.max_evaluations + 1):
        unit = tuple(np.moveaxis(np.asarray(env.unwrapped._state.unit, dtype=np.float64), -1, 0).T)
        yield observation, unit, tuple(info[name] for name in family.metrics)
        action = generator.uniform(-1, 1, shape).astype(np.float32)
        observation, _, terminated, _, info = env.step(action)
        if np.all(terminated):
            yield observation, env.unwrapped._state.unit, tuple(info[n] for n in family.metrics)
            return


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_floats(options, seed):
    options = {**options, "max_evaluations": 6}
    encoder, trials = encoder_of(options), []
    for step, (observation, unit, metrics) in enumerate(play(TuningEnv(**options), seed)):
        if step or encoder.start_evaluated:
            trials.append(Trial(tuple(map(float, unit)), metrics))
        encoded = encoder.encode(trials, Floats())
        assert encoded.dtype == np.float32
        np.testing.assert_array_equal(encoded, observation)


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_arrays_and_tensors(options):
    torch = pytest.importorskip("torch")
    from hpo_gym.arrays.tensors import Tensors

    options = {**options, "max_evaluations": 5}
    encoder, trials, tensors = encoder_of(options), [], []
    for step, (observation, unit, metrics) in enumerate(play(TuningVectorEnv(4, **options), 1)):
        if step or encoder.start_evaluated:
            trials.append(Trial(tuple(unit), metrics))
            tensors.append(Trial(*[tuple(map(torch.as_tensor, part)) for part in trials[-1]]))
        if trials:
            np.testing.assert_array_equal(encoder.encode(trials, Vectors()), observation)
            encoded = encoder.encode(tensors, Tensors())
            assert encoded.dtype == torch.float32
            np.testing.assert_array_equal(encoded.numpy(), observation)


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_the_last_score_is_decoded(options):
    options = {**options, "max_evaluations": 6}
    encoder, family = encoder_of(options), make_family(options.get("family", "notebook"))
    for step, (observation, _, metrics) in enumerate(play(TuningEnv(**options), 5)):
        seen = encoder.decode(observation)
        known = step > 0 or encoder.start_evaluated
        score = family.score(metrics, encoder.metric, Floats()) if known else 0.0
        assert seen.score == pytest.approx(score, abs=1e-6)
        assert encoder.evaluations(observation) == step
        if known:
            assert encoder.metrics(seen.features) == pytest.approx(metrics, rel=1e-4, abs=1e-6)


def test_too_many_evaluations_are_refused():
    encoder = encoder_of({"start": "none", "observation": "summary", "max_evaluations": 2})
    trial = Trial((0.0, 0.0, 0.0), (0.5, 0.5, 1.0, 0.5, 0.5))
    with pytest.raises(ValueError, match="3 evaluations cannot be encoded: the budget is 2"):
        encoder.encode([trial] * 3, Floats())


GOOD = (0.5, 0.5, 1.0, 0.5, 0.5)


@pytest.mark.parametrize(
    ("unit", "metrics", "words"),
    [
        ((0.0, 0.0), GOOD, r"evaluation 1 has 2 unit coordinates and 5 metrics: give 3 and 5"),
        ((0.0,) * 3, GOOD[:4], r"3 unit coordinates and 4 metrics: .*'thr', 'epochs', 'lr'"),
        ((0.0, 0.3, 1.5), GOOD, r"evaluation 1 has the unit coordinates"),
        ((0.0, 50.0, 0.01), GOOD, r"give numbers in \[-1, 1\], such as `SearchSpace.unit`"),
        ((0.0, np.nan, 0.0), GOOD, r"evaluation 1 has the unit coordinates"),
    ],
)
@pytest.mark.parametrize("observation", ["summary", "history"])
@pytest.mark.parametrize("kind", ["floats", "arrays", "tensors"])
def test_trials_that_do_not_fit_are_refused(unit, metrics, words, observation, kind):
    encoder = encoder_of({"start": "none", "observation": observation, "max_evaluations": 4})
    xp, many = Floats(), tuple
    if kind == "arrays":
        xp, many = Vectors(), lambda columns: np.array([[0.0, c] for c in columns])
    elif kind == "tensors":
        torch = pytest.importorskip("torch")
        from hpo_gym.arrays.tensors import Tensors

        xp, many = Tensors(), lambda columns: [torch.tensor([0.0, c]) for c in columns]
    good = Trial(many((0.0,) * 3), many(GOOD))
    encoder.encode([good], xp)
    with pytest.raises(ValueError, match=words):
        encoder.encode([good, Trial(many(unit), many(metrics))], xp)


def test_a_failure_shows_no_score_below_zero():
    """Also of a family that says that it never fails."""
    encoder = encoder_of({"start": "random", "observation": "summary", "max_evaluations": 4})
    failed = Trial((0.5,) * 3, (np.nan,) * 5)
    assert encoder.decode(encoder.encode([failed], Floats())).best_score == 0.0
