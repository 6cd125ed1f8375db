"""The tuner for any space: NumPy against torch, its symmetries, what it refuses."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.policies.anyspace import features, network, surrogate
from hpo_gym.policies.anyspace.policy import AnySpacePolicy, coordinates_of
from hpo_gym.policies.anyspace.scores import standardised

DESCRIPTION = {"format": 1, "algorithm": "anyspace", "hand_over": 40}
MIXED = SearchSpace(
    {
        "lr": Float(1e-5, 1.0, log=True),
        "layers": Integer(1, 8),
        "kernel": Categorical(["rbf", "poly", "linear"]),
        "on": Categorical([True, False]),
    }
)
FLOATS = SearchSpace({f"x{i}": Float(0.0, 1.0) for i in range(5)})


def weights(seed=0, scale=1.0):
    """Weights of which every part matters, unlike those before a training."""
    arrays = network.initial(np.random.default_rng(seed))
    random = np.random.default_rng(seed + 1)
    return {
        name: (scale * 0.3 * random.standard_normal(a.shape)).astype(np.float32)
        for name, a in arrays.items()
    }


def policy(seed=0):
    return AnySpacePolicy(weights(seed), DESCRIPTION)


def history(space, t, seed=0):
    random = np.random.default_rng(seed)
    points = random.uniform(-1.0, 1.0, (t, space.dimension))
    unit = np.array([space.unit(space.configuration(p)) for p in points])
    return unit.reshape(t, space.dimension), random.standard_normal(t)


@pytest.mark.parametrize("space", [MIXED, FLOATS], ids=["mixed", "floats"])
@pytest.mark.parametrize("t", [0, 1, 2, 9, 31])
def test_torch_and_numpy_agree(space, t):
    torch = pytest.importorskip("torch")
    from agents.training.anyspace.unroll import Course, _History, _proposal

    unit, scores = history(space, t)
    scores = scores.copy()
    scores[4:5], scores[5:6] = np.nan, -np.inf
    filler = np.random.default_rng(1).uniform(-1.0, 1.0, space.dimension)
    mine = policy().propose(space, unit, scores, filler, budget=32)
    points, told = 0.5 * (unit[None] + 1.0), scores[None]
    done, model = ~np.isnan(scores), surrogate.prior(1, space.dimension)
    for last in range(1, int(done.sum()) + 1):
        values, _ = standardised(told[:, done][:, :last])
        model = surrogate.fitted(model, points[:, done][:, :last], values)
    fillers = np.tile(0.5 * (filler + 1.0), (1, 32, 1))
    course = Course(32, 1, None, fillers, np.zeros((1, 32)), 40)
    raw = _proposal(
        {name: torch.from_numpy(array) for name, array in weights().items()},
        _History(
            torch.from_numpy(points).float(),
            torch.nan_to_num(torch.from_numpy(told).float(), 0.0, 0.0, 0.0),
            points,
            told,
            model,
        ),
        course,
        t,
        coordinates_of(space),
    )
    theirs = 2.0 * raw[0].clamp(0.0, 1.0).double().numpy() - 1.0
    np.testing.assert_allclose(mine, theirs, atol=1e-5)


def shown(space, t=7, budget=16):
    """What the network is shown of a history, and the bases of its answer."""
    unit, scores = history(space, t)
    points, told = 0.5 * (unit[None] + 1.0), scores[None]
    filler = np.random.default_rng(2).random((1, space.dimension))
    kinds = coordinates_of(space)
    model, standard = surrogate.prior(1, space.dimension), standardised(told)
    seen = features.gathered(model, points, told, standard, filler, kinds)
    tokens = features.tokens(points, seen.values, seen, filler, kinds, np)
    return tokens, features.queries(points, seen, filler, kinds, budget, np), kinds.together


def test_the_order_of_the_parameters_does_not_matter():
    tokens, query, together = shown(MIXED)
    order = np.array([6, 5, 1, 2, 4, 3, 0])
    turned = features.Query(*[part[:, order] for part in query])
    mine = network.proposal(weights(), tokens, query, together, np)
    theirs = network.proposal(
        weights(), tokens[:, :, order], turned, together[:, order][:, :, order], np
    )
    np.testing.assert_allclose(theirs, mine[:, order], atol=1e-5)
    assert np.ptp(mine) > 0.01


def test_the_order_of_the_evaluations_does_not_matter_to_the_network():
    tokens, query, together = shown(FLOATS)
    order = np.random.default_rng(3).permutation(tokens.shape[1])
    np.testing.assert_allclose(
        network.proposal(weights(), tokens[:, order], query, together, np),
        network.proposal(weights(), tokens, query, together, np),
        atol=1e-5,
    )


@pytest.mark.parametrize(("factor", "shift"), [(1e6, 0.0), (1e-3, -7.0)])
def test_the_scale_of_the_scores_does_not_matter(factor, shift):
    unit, scores = history(MIXED, 9)
    filler = np.zeros(MIXED.dimension)
    mine = policy().propose(MIXED, unit, scores, filler, budget=16)
    theirs = policy().propose(MIXED, unit, factor * scores + shift, filler, budget=16)
    np.testing.assert_allclose(mine, theirs, atol=1e-4)


@pytest.mark.parametrize("budget", [1, 4, 16, 64])
@pytest.mark.parametrize("space", [MIXED, FLOATS, SearchSpace({"x": Float(0.0, 1.0)})], ids=str)
@pytest.mark.parametrize(
    "scores", [[], [np.nan], [-np.inf], [0.0], [-np.inf, np.nan], [1.0, 1.0, 1.0], [1e300, -1e300]]
)
def test_answers_lie_in_the_cube(budget, space, scores):
    unit, _ = history(space, len(scores))
    filler = np.full(space.dimension, 0.3)
    point = policy().propose(space, unit, np.array(scores), filler, budget=budget)
    assert point.shape == (space.dimension,) and (np.abs(point) <= 1.0).all()


def test_what_it_remembers_changes_nothing():
    unit, scores = history(MIXED, 40)
    fillers = np.random.default_rng(4).uniform(-1.0, 1.0, (40, MIXED.dimension))
    one = policy()
    followed = [one.propose(MIXED, unit[:t], scores[:t], fillers[t], budget=40) for t in range(40)]
    for t in (39, 3, 17):
        again = policy().propose(MIXED, unit[:t], scores[:t], fillers[t], budget=40)
        np.testing.assert_array_equal(again, followed[t])
    copy = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(
        copy.propose(MIXED, unit[:20], scores[:20], fillers[20], budget=40), followed[20]
    )


def test_the_surrogate_takes_over():
    unit, scores = history(MIXED, 7)
    filler = np.full(MIXED.dimension, 0.2)
    early = AnySpacePolicy(weights(), {**DESCRIPTION, "hand_over": 7})
    learned = early.propose(MIXED, unit[:6], scores[:6], filler, budget=16)
    np.testing.assert_array_equal(
        learned, policy().propose(MIXED, unit[:6], scores[:6], filler, budget=16)
    )
    guess = early.propose(MIXED, unit, scores, filler, budget=16)
    other = AnySpacePolicy(weights(5), {**DESCRIPTION, "hand_over": 7})
    np.testing.assert_array_equal(guess, other.propose(MIXED, unit, scores, filler, budget=16))
    assert (guess != policy().propose(MIXED, unit, scores, filler, budget=16)).any()


def test_coordinates_of_a_mixed_space():
    kinds = coordinates_of(MIXED)
    np.testing.assert_allclose(kinds.choice, [[0, 0, 1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2]])
    np.testing.assert_allclose(kinds.width, [[0, 1 / 8, 0, 0, 0, 0, 0]])
    np.testing.assert_allclose(kinds.together[0, 2], [0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert kinds.parameters.item() == pytest.approx(4.0)


def test_saved_policies_are_read_back(tmp_path):
    first = policy()
    path = first.save(tmp_path / "mine")
    again = AnySpacePolicy.load(path)
    assert again.description == first.description
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, d: d.update(algorithm="ppo"), "'algorithm' is 'ppo'"),
        (lambda a, d: d.update(format=2), "'format' is 2"),
        (lambda a, d: d.pop("hand_over"), "hand_over = None"),
        (lambda a, d: d.update(hand_over=0), "hand_over = 0 must be a whole number >= 1"),
        (lambda a, d: a.pop("token_0"), "\\['token_0'\\] are missing"),
        (lambda a, d: a.update(more=a["answer"]), "\\['more'\\] are not known"),
        (lambda a, d: a.update(answer=a["answer"][:-1]), "'answer' must be \\(48, 5\\) float32"),
        (lambda a, d: a.update(answer=a["answer"].astype(float)), "it is .* float64"),
        (lambda a, d: a["answer"].fill(np.nan), "'answer' holds nan"),
        (lambda a, d: a["answer"].fill(1e5), "'answer' holds 100000.0: at most 10000"),
    ],
)
def test_other_weights_are_refused(change, message):
    arrays, description = weights(), dict(DESCRIPTION)
    change(arrays, description)
    with pytest.raises(ValueError, match=message):
        AnySpacePolicy(arrays, description)


def test_policies_come_with_the_package():
    first, second = AnySpacePolicy.pretrained(), AnySpacePolicy.pretrained(1)
    assert first.description["seed"] == 0 and second.description["seed"] == 1
    assert (first.arrays["answer"] != second.arrays["answer"]).any()
    with pytest.raises(ValueError, match=r"no anyspace policy .* seed 99: choose from \[0, 1"):
        AnySpacePolicy.pretrained(99)


def test_integers_on_a_log_axis_have_no_cells_of_equal_width():
    space = SearchSpace({"n": Integer(1, 100, log=True), "m": Integer(1, 4)})
    np.testing.assert_allclose(coordinates_of(space).width, [[0.0, 0.25]])
