"""The fit of the rough family's prior."""

from __future__ import annotations

import json

import numpy as np

from hpo_gym.families.rough.family import read_prior
from scripts.recording import fit_rough


def value(prior, path):
    for name in path:
        prior = prior[name]
    return prior


def test_moves_stay_within_bounds_and_leave_the_prior_alone():
    prior, random = read_prior(), np.random.default_rng(0)
    before, seen = json.dumps(prior), []
    for _ in range(200):
        other = fit_rough.moved(prior, random, 3.0)
        seen.append([value(other, path) for path in fit_rough.BOUNDS])
    assert json.dumps(prior) == before
    low, high = np.array([*fit_rough.BOUNDS.values()]).T
    assert (np.array(seen) >= low).all() and (np.array(seen) <= high).all()
    assert (np.std(seen, axis=0) > 0.0).all()  # each is moved


def test_keeps_what_is_nearer(tmp_path, monkeypatch):
    """With a distance that wants many cases, the search finds many."""
    monkeypatch.setattr(fit_rough, "measured_tasks", lambda *_: None)
    monkeypatch.setattr(fit_rough, "measured", lambda prior, keys: prior["cases"])
    monkeypatch.setattr(fit_rough, "distance", lambda _, cases: np.full(8, 1.0 / cases))
    out = tmp_path / "prior.json"
    fit_rough.main(fit_rough.Arguments(tasks=8, tries=60, out=out))
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["cases"] > 2.0 * read_prior()["cases"]
    assert found["source"].startswith("fitted to recorded-train")
