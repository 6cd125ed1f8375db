"""Sealed suites: tasks that nobody has seen before, and three ways of peeking that gain nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_benchmarks import SUITE, ran, tuner

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import run
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.families import make_family
from scripts import benchmark
from scripts.benchmark_choice import sealed_suites

SALT = "0123456789abcdef"
PUBLIC = replace(SUITE, name="public", tasks=tuple(range(16)), seeds=(0,))


def tasks(suite):
    """Parameters of the suite's tasks, a row each."""
    bank = make_family(suite.sealed_family).bank(suite.split)
    return np.stack(list(vars(bank).values()), axis=1)[list(suite.tasks)]


def test_a_salt_draws_other_tasks():
    one, other = PUBLIC.sealed(SALT), PUBLIC.sealed("f" * 32)
    assert (tasks(one) == tasks(PUBLIC.sealed(SALT))).all()
    for suite in (PUBLIC, other):
        assert (tasks(one) != tasks(suite)).any(axis=1).all()
    assert one.name.startswith("public-sealed-")
    assert len({PUBLIC.hash, one.hash, other.hash}) == 3


def test_the_salt_is_nowhere_to_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path))
    sealed = PUBLIC.sealed(SALT)
    with Store(tmp_path / "a.sqlite") as store:
        run(store, [sealed], [tuner(tmp_path)])
        assert [verdict.difference for verdict in validate(store, sealed)] == [None]
    assert SALT not in sealed.text + repr(sealed) + json.dumps(
        make_family(PUBLIC.family).describe()
    )
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or SALT.encode() not in file.read_bytes()
    assert list(tmp_path.glob("*.npz")) == []  # no optima


@pytest.mark.parametrize(
    ("suite", "salt", "message"),
    [
        (PUBLIC, "short", "a salt of 5 characters can be guessed"),
        (make_suite("capability-plateau"), SALT, "its tasks were chosen"),
        (
            replace(PUBLIC, family={"name": "beale", "version": 1}, tasks=(0,)),
            SALT,
            "draws no tasks from keys",
        ),
    ],
)
def test_what_cannot_be_sealed(suite, salt, message):
    with pytest.raises(ValueError, match=message):
        suite.sealed(salt)


PEEKERS = """
import gc, hashlib, sys
import numpy as np
from hpo_gym.arrays import Vectors
from hpo_gym.families import make_family
from tuners import Tuner

FAMILY = make_family("fictitious")
BEST = np.stack(FAMILY.space.position(tuple(FAMILY.optima("test", "f1").scaled)), axis=1)

class Peeker(Tuner):
    \"\"\"Plays the best configurations of the tasks that it finds out; until then at random.\"\"\"
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        self.encoder, self.seed = problem.encoder, seed

    def predict(self, observation, **kwargs):
        tasks = self.peek(observation)
        if tasks is None:
            return super().predict(observation, **kwargs)
        return BEST[tasks], None

class Frame(Peeker):
    \"\"\"Looks for an environment in its callers and in the memory of its process.\"\"\"
    def peek(self, observation):
        frame, seen = sys._getframe(), gc.get_objects()
        while frame is not None:
            seen += frame.f_locals.values()
            frame = frame.f_back
        for thing in seen:
            if type(thing).__name__ in ("TuningEnv", "TuningVectorEnv", "Shard", "Suite"):
                return np.arange(len(observation))

class Seed(Peeker):
    KEY = "Seed"
    \"\"\"Tries which first task gives its seed.\"\"\"
    def peek(self, observation):
        for first in range(4096):
            digest = hashlib.sha256(f"{self.KEY}/0/{first}".encode()).digest()
            if int.from_bytes(digest[:4], "little") == self.seed:
                return first + np.arange(len(observation))

class Bank(Peeker):
    \"\"\"Takes the suite's tasks from the public bank, if what it observes is of these.\"\"\"
    def peek(self, observation):
        seen, tasks = self.encoder.decode(observation), np.arange(len(observation))
        if not seen.known.all():
            return None
        scaled = FAMILY.space.scaled(tuple(seen.unit.T.astype(float)), Vectors())
        expected = FAMILY.true_score(FAMILY.sample("test", tasks), scaled, "f1", Vectors())
        return tasks if np.abs(expected - seen.score).mean() < 0.03 else None
"""


@pytest.fixture
def regret(tmp_path):
    """Mean final regret of a peeker, or of a random tuner, on a suite."""
    tuner(tmp_path)
    (tmp_path / "peekers.py").write_text(PEEKERS)

    def regret(kind, suite):
        file = "tuners" if kind == "Tuner" else "peekers"
        entry = tuner(tmp_path, name=kind, factory=f"{tmp_path}/{file}.py:{kind}", version=1)
        return ran(suite, entry, next(suite.shards(16, 1))).regret[..., -1].mean()

    return regret


def test_peeking_gains_nothing_on_sealed_tasks(regret):
    sealed = PUBLIC.sealed(SALT)
    random = regret("Tuner", PUBLIC), regret("Tuner", sealed)
    assert min(random) > 0.1
    # Without a seal only the environment is out of reach: what is published can be known.
    assert regret("Seed", PUBLIC) < 0.001
    assert regret("Bank", PUBLIC) < 0.001
    assert regret("Frame", PUBLIC) > 0.5 * random[0]
    for kind in ("Frame", "Seed", "Bank"):
        assert regret(kind, sealed) > 0.5 * random[1]


def test_no_salt_is_made_for_a_run_that_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["b", "--profile", "smoke", "--salt", "new", "--agents", "no"])
    with pytest.raises(SystemExit, match="unknown agents"):
        benchmark.main()
    assert not [*tmp_path.iterdir()]


def test_a_salt_that_seals_nothing_is_refused(tmp_path):
    (tmp_path / "salt").write_text("")
    with pytest.raises(ValueError, match=r"--salt .*: no suite can be sealed: a salt of 0 charact"):
        sealed_suites([PUBLIC], tmp_path / "salt", chosen=False)
