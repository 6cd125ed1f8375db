"""Command lines that cannot work: one line, an exit code, no traceback, nothing written."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tyro
from tiny_benchmarks import TUNERS

from hpo_gym.policies.policy import Policy
from scripts import benchmark, compare, play, train

pytestmark = pytest.mark.slow
KIND = "command lines"
ROOT = Path(__file__).parents[2]

FILES = {
    "file.txt": "hello\n",
    "tuner.py": TUNERS,
    "empty.py": "",
    "raises.py": "raise RuntimeError('no')\n",
    "syntax.py": "def\n",
    "exits.py": "import sys\nsys.exit(0)\n",
    "binary.py": "\0\1\2",
    "other.sqlite": "hello " * 1000,
    "bad.npz": "PK",
    "folder/x.txt": "",
    "family.py": "class F:\n    pass\nSUITE = 5\n",
    "latin.py": "x = '\udce9'\n",
}
TRAIN = ["--agent", "ppo", "--env", "FictitiousHPO-v0"]
FAMILY = ["--agent", "ppo", "--family"]
COMPARE = ["--agents", "random", "--episodes", "2"]
BENCHMARK = ["--profile", "smoke", "--agents", "random"]
NUMBERS = ["-1", "x", "nan", "1.5", "1e9", "", "99999999999999999999"]
OPTIONS = [
    "",
    "x",
    "[]",
    "5",
    "null",
    "{",
    '{"stop": 1}',
    '{"x": 1}',
    '{"noise": NaN}',
    "[" * 10**5,
]
OPTIONS += ['{"max_evaluations": 1e9}', '{"max_evaluations": 1e400}', '{"start": {"thr": 5}}']
OPTIONS += ['{"family": "nobody"}', '{"family": "raises.py:F"}', '{"task": [[]]}', '{"reward": {}}']
OPTIONS += ['{"family": {"name": "notebook", "k_recall": "x"}}', '{"family": "syntax.py:F"}']
OPTIONS += ['{"infos": ["x"]}', '{"family": "exits.py:F"}', '{"max_evaluations": true}', "\udcff"]
PLACES = ["file.txt", "file.txt/x", "/proc/x/y", "/dev/null/x", "x" * 300, "a/" + "y" * 300]
REFERENCES = ["nobody", "nobody:X", "empty.py:X", "raises.py:X", "syntax.py:X", "exits.py:X", ":"]
REFERENCES += ["missing.py:X", "binary.py:X", "folder:X", "tuner.py:", ":X", "tuner.py:np.nan", ""]
REFERENCES += ["latin.py:X", "tuner.py", "file.txt:X", "folder/:X", "json:dumps:x", "..:X", "a b:c"]
LEADING_NOWHERE = [name for name in REFERENCES if not name.endswith("nan")]  # that one fails later
SECONDS = ["0", "-1", "nan", "inf", "x", "", "1e7"]
EXECUTORS = ["", "x", "dask://", "dask://host", "dask://host:", "dask://host:99999", "dask://a b:1"]
EXECUTORS += [f"{kind}:{number}" for kind in ("processes", "dask") for number in [*NUMBERS, "0"]]
POLICIES = ["x=bad.npz", "x=missing.npz", "bad.npz", "=bad.npz", "a/b=bad.npz", "x=folder", "x="]
MODULES = ["nobody", "raises.py", "syntax.py", "exits.py", "binary.py", "missing.py", "folder", ""]
MODULES += ["latin.py", "file.txt", "."]


def each(base, option, values):
    return [[*base, f"{option}={value}"] for value in values]


CASES = {
    train: [
        *each(TRAIN, "--options", OPTIONS),
        *each(TRAIN, "--settings", [*OPTIONS[:6], '{"hidden": []}', '{"gamma": 2}']),
        *each(TRAIN, "--threads", [*NUMBERS, "0"]),
        *each(TRAIN, "--seeds", [*NUMBERS]),
        *each(TRAIN, "--executor", EXECUTORS),
        *each(TRAIN, "--out", [*PLACES, "folder/x.txt"]),
        *each(TRAIN, "--import", MODULES),
        *each(FAMILY[:2], "--family", [*REFERENCES, "family.py:F", "family.py:SUITE"]),
        *each(
            TRAIN[:2], "--env", ["", "x", "CartPole-v1", "FictitiousHPO-v9", "a:b", "no such:x-v0"]
        ),
        *([*TRAIN, *more] for more in (["--resume", "--overwrite"], ["--seeds"])),
        *([*TRAIN, *more] for more in (["--seeds", "1", "1"], ["--nothing"], ["x"], ["--options"])),
        *(["--agent", name, *TRAIN[2:]] for name in ("", "x", "dqn", "unrolled")),
        [],
        ["--agent", "ppo"],
        [*TRAIN, "--family", "fictitious", "--options", '{"family": "beale"}'],
    ],
    compare: [
        *each(COMPARE, "--options", OPTIONS),
        *each(COMPARE[:2], "--episodes", [*NUMBERS, "0"]),
        *each(COMPARE, "--seed", NUMBERS),
        *each(COMPARE, "--timeout", SECONDS),
        *each(COMPARE, "--out", PLACES),
        *each(COMPARE, "--import", MODULES),
        *each([], "--agent", [*REFERENCES, *POLICIES]),
        *each([], "--agents", ["", "x", "tuner.py:Tuner"]),
        *each(COMPARE, "--env", ["", "x", "CartPole-v1", "FictitiousHPO-v9", "a:b"]),
        [*COMPARE, "--agent", "random=tuner.py:Tuner"],
        [*COMPARE, "--agent", "tuner.py:Tuner", "--agent", "tuner.py:Tuner"],
        ["--agents", "dqn"],
        ["--agents", "unrolled"],
    ],
    benchmark: [
        *each(BENCHMARK, "--executor", EXECUTORS),
        *each(BENCHMARK, "--timeout", SECONDS),
        *each(BENCHMARK, "--out", PLACES),
        *each(BENCHMARK, "--export", PLACES),
        *each(BENCHMARK, "--import", MODULES),
        *each(BENCHMARK, "--agent", [*LEADING_NOWHERE, *POLICIES, "random=tuner.py:Tuner"]),
        *each(BENCHMARK, "--suite", [*REFERENCES, "family.py:SUITE", "family.py:F"]),
        *each(BENCHMARK[:2], "--agents", ["", "x", "tuner.py:Tuner"]),
        *each(BENCHMARK, "--suites", ["", "x"]),
        *each(BENCHMARK, "--rows", ["missing", "file.txt"]),
        *each(BENCHMARK, "--database", ["other.sqlite", "folder", *PLACES[1:]]),
        *each(BENCHMARK, "--salt", ["folder", "folder/x.txt", *PLACES[1:]]),
        *each([*BENCHMARK, "--show"], "--database", ["other.sqlite", "folder", "missing"]),
        *each(BENCHMARK, "--rerun", ["x", "tpe"]),
        [*BENCHMARK, "--suites", "smoke", "smoke"],
        [*BENCHMARK, "--files", "missing"],
        [*BENCHMARK, "--files", "file.txt"],
        [*BENCHMARK, "--agent", "tuner.py:Tuner", "--files", "missing"],
        [*BENCHMARK, "--show", "--rerun", "random", "--database", "other.sqlite"],
        [*BENCHMARK, "--salt", "new.txt", "--rerun", "nobody"],
        ["--profile", "huge"],
    ],
    play: [
        *each([], "--family", [*REFERENCES, "family.py:F"]),
        *each([], "--task", [*NUMBERS, "1"]),
        *each([], "--evaluations", [*NUMBERS, "0", "1001"]),
        *each([], "--seed", NUMBERS),
        *each(["--answer"], "--metric", ["", "x", "precision"]),
        *each([], "--metric", ["", "x", "precision"]),
        ["--nothing"],
    ],
}


class Accepted(BaseException):
    """A command line that should have been refused was not."""


def accept(*_, **__):
    raise Accepted


def main(module):
    if module is train:
        train.run(tyro.cli(train.Arguments))
    else:
        module.main()


def listing(folder):
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def fill(folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))
    return folder


def judge(attack, what, code, said, before, after):
    """One outcome of a command that could not work."""
    if "Traceback" in said:
        attack.note("tracebacks", f"{what}: {said[-300:]}")
    elif not code:
        attack.note("silently wrong", f"{what}: exit code {code}: {said[-200:]}")
    elif before != after:
        attack.note("silently wrong", f"{what} left {sorted({*after} ^ {*before})}")
    elif code == 1 and (said.count("error: ") != 1 or said.rstrip().count("\n")):
        attack.note("silently wrong", f"{what}: not one line: {said[-300:]!r}")
    else:
        attack.note("refused", what)


@pytest.mark.parametrize("module", CASES, ids=lambda module: module.__name__)
def test_commands_that_cannot_work(attack, module, tmp_path, monkeypatch):
    """In this process; nothing is trained, played or run if one is accepted."""
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "train", accept)
    for method in ("_train", "_run", "_seconds"):
        monkeypatch.setattr(compare.Comparison, method, accept)
    monkeypatch.setattr(benchmark.Benchmark, "_compute", accept)
    monkeypatch.setattr(play, "_typed", accept)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for words in CASES[module]:
        what = f"{module.__name__} {' '.join(words)}"[:200].encode("ascii", "replace").decode()
        before, said = listing(tmp_path), io.StringIO()
        path = [*sys.path]
        monkeypatch.setattr(sys, "argv", ["script", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
                main(module)
            code = 0
        except SystemExit as ended:
            code = ended.code
            if isinstance(code, str):
                said.write(f"{code}\n")
                code = 1
        except Accepted:
            code = 0
        except BaseException as error:
            attack.note("tracebacks", f"{what}: {error!r}")
            continue
        finally:
            sys.path[:] = path
        judge(attack, what, code, said.getvalue(), before, listing(tmp_path))


SHELL = [
    "train --agent ppo --env FictitiousHPO-v0 --resume",
    "train --agent ppo --env FictitiousHPO-v0 --family raises.py:X",
    "train --agent ppo --family syntax.py:X",
    "compare --import exits.py",
    "compare --agent x=bad.npz --episodes 2",
    "benchmark --profile smoke --agents random --database other.sqlite",
    "benchmark --profile smoke --show --database folder",
    "benchmark --profile smoke --agents random --out /proc/x",
    "play --family binary.py:X",
]


@pytest.mark.parametrize("command", SHELL)
def test_commands_from_a_shell(attack, command, tmp_path):
    fill(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    before = listing(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", *f"scripts.{command}".split()],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    judge(attack, command, done.returncode, done.stderr, before, listing(tmp_path))


def rank(folder):
    text = (folder / "o/benchmark.csv").read_text()
    assert "\nsmoke" in text and "random" in text


def compared(folder):
    header, row = (folder / "o/compare.csv").read_text().splitlines()
    assert row.startswith("random,") and header.count(",") == row.count(",")


GOOD = [
    ("play --answer", lambda folder, said: "f1         0.7696555428" in said),
    ("compare --agents random --episodes 2 --out o", lambda folder, said: not compared(folder)),
    (
        "benchmark --profile smoke --agents random --agent tuner.py:Tuner --agent tuner.py:Raises "
        "--validate --out o",
        lambda folder, said: (
            said.count("confirmed bit for bit") == 2
            and "Raises failed" in said
            and not rank(folder)
        ),
    ),
    (
        'train --agent ppo --env BealeHPO-v0 --out o --settings {"total_steps":512,"n_steps":8,'
        '"batch_size":128,"evaluation_episodes":8}',
        lambda folder, said: np.isfinite(Policy.load(folder / "o/policy").predict(BEGIN)[0]).all(),
    ),
]
BEGIN = np.zeros((3, 8), np.float32)


@pytest.mark.parametrize(("command", "right"), GOOD, ids=lambda part: str(part)[:9])
def test_commands_that_can_work(attack, command, right, tmp_path):
    """Negative control of all others."""
    fill(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", *f"scripts.{command}".split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == ("Raises" not in command), done.stderr
    assert right(tmp_path, done.stdout + done.stderr), done.stdout
    attack.note("verified", command)
