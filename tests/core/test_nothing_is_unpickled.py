"""No file that is read can run code: a rule for the sources, and bombs in the files themselves."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
from bombs import Bomb
from tiny_benchmarks import SUITE

from hpo_gym.benchmark.results.archive import import_suite
from hpo_gym.benchmark.results.store import Store
from hpo_gym.families import optima
from hpo_gym.tuners.entry import AgentEntry

ROOT = Path(__file__).parents[2]
SOURCES = [
    file for room in ("hpo_gym", "agents", "scripts") for file in (ROOT / room).rglob("*.py")
]
PIPES = "hpo_gym/executors/child.py"
"""It unpickles what comes through a pipe from a process that it started, and no file."""
LUGGAGE = "hpo_gym/executors/luggage.py"
"""It unpickles what a user's own cluster sends."""
SAFE = {"np.load": ("allow_pickle", False), "torch.load": ("weights_only", True)}
UNSAFE = {
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads"),
    *("dill.load", "dill.loads", "joblib.load", "marshal.load", "marshal.loads", "shelve.open"),
    *("pd.read_pickle", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load", "eval", "exec"),
    *("numpy.load", "PPO.load", "DQN.load", "A2C.load", "RecurrentPPO.load", "VecNormalize.load"),
    *("BaseAlgorithm.load", "load_from_zip_file", "load_from_pkl", "torch.jit.load"),
}


def offences(source):
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
            *("pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"),
        ):
            found.append(f"from {node.module}")
        if isinstance(node, ast.ClassDef):
            found += [base for base in map(ast.unparse, node.bases) if base in UNSAFE]
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in SAFE:
            keyword, wanted = SAFE[name]
            given = [k.value for k in node.keywords if k.arg == keyword]
            if not (given and isinstance(given[0], ast.Constant) and given[0].value is wanted):
                found.append(ast.unparse(node))
        elif name in UNSAFE:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_sources_read_data_only(file):
    found = offences(file.read_text())
    if str(file.relative_to(ROOT)) == PIPES:
        assert found and all(call.startswith("pickle.loads(") for call in found)
    elif str(file.relative_to(ROOT)) == LUGGAGE:
        assert found == ["pickle.Unpickler"]
    else:
        assert found == []


@pytest.mark.parametrize(
    "source",
    [
        *("np.load(path)", "np.load(path, allow_pickle=True)", "torch.load(path)"),
        *("torch.load(path, weights_only=False)", "pickle.load(file)", "PPO.load(path)"),
        *(
            "from pickle import loads",
            "eval(text)",
            "class A(pickle.Unpickler): ...",
            "np.load(path, allow_pickle=flag)",
        ),
    ],
)
def test_the_rule_can_fail(source):
    assert offences(source)


BOMBS = {
    "object array": lambda path, names: np.savez(
        path, **{name: np.array([Bomb()], dtype=object) for name in names}
    ),
    "npy of objects": lambda path, _: path.write_bytes(
        b"\x93NUMPY\x01\x00\x46\x00"
        + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69)
        + b"\n"
        + pickle.dumps(Bomb())
    ),
    "plain pickle": lambda path, _: path.write_bytes(pickle.dumps(Bomb())),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_rows_of_the_benchmark(tmp_path, bomb):
    (tmp_path / SUITE.name).mkdir()
    BOMBS[bomb](tmp_path / SUITE.name / "mine.npz", ("suite", "about", "regret"))
    with (
        Store(tmp_path / "rows.sqlite") as store,
        pytest.raises(ValueError, match=rf"{SUITE.name}/mine\.npz is damaged"),
    ):
        import_suite(store, SUITE, tmp_path, [AgentEntry("mine", "agents:make_agent", version=1)])


@pytest.mark.parametrize("bomb", BOMBS)
def test_optima_that_were_kept(tmp_path, monkeypatch, bomb):
    """They are found anew."""
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path))
    BOMBS[bomb](tmp_path / "mine.npz", ("scaled", "score"))
    (tmp_path / "mine.npz").rename(tmp_path / "mine.optima")
    found = optima.Optima(np.zeros((2, 3)), np.ones(3))
    again = optima.kept("mine", b"tasks", (2, 3), lambda _: found, "some tasks")
    assert again.score.tolist() == [1.0] * 3


def test_the_bombs_are_bombs(tmp_path):
    BOMBS["object array"](tmp_path / "a.npz", ("x",))
    with np.load(tmp_path / "a.npz", allow_pickle=True) as file:
        with pytest.raises(pytest.fail.Exception):
            (lambda: file["x"])()
    for name in ("npy of objects", "plain pickle"):
        BOMBS[name](tmp_path / "b.npz", ())
        with pytest.raises(pytest.fail.Exception):
            np.load(tmp_path / "b.npz", allow_pickle=True)
