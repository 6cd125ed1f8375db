"""The examples of docs/tune-anywhere.md, and the package for OptunaHub."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import optuna
import pytest

from hpo_gym.integrations.optuna import LearnedSampler

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tune-anywhere.md").read_text()
HUB = ROOT / "integrations" / "optunahub"
EXAMPLES = {
    re.findall(r"^##+ (.*)$", PAGE[: found.start()], re.MULTILINE)[-1]: found[1]
    for found in re.finditer(r"```python\n(.*?)```", PAGE, re.DOTALL)
}
HEAVY = {
    "scikit-learn": "sklearn",
    "scikit-learn, by OptunaSearchCV": "optuna_integration.sklearn",
    "Ray Tune": "ray.tune",
    "The Trainer of Hugging Face": "transformers",
}
"""Headings and the library that an example needs besides Optuna."""


def run(code, folder):
    script = folder / "example.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_page_has_its_examples():
    assert len(EXAMPLES) == PAGE.count("```python") == 9
    assert HEAVY.keys() < EXAMPLES.keys()
    for code in EXAMPLES.values():
        ast.parse(code)


@pytest.mark.parametrize("heading", [heading for heading in EXAMPLES if heading not in HEAVY])
def test_example(heading, tmp_path):
    printed = run(EXAMPLES[heading], tmp_path)
    assert printed or "print" not in EXAMPLES[heading]


@pytest.mark.slow
@pytest.mark.parametrize("heading", ["scikit-learn", "scikit-learn, by OptunaSearchCV", "Ray Tune"])
def test_example_with_a_library(heading, tmp_path):
    pytest.importorskip(HEAVY[heading])
    (printed,) = run(EXAMPLES[heading], tmp_path)[-1:]
    best = re.search(r"\{[^}]*\}", printed)[0]
    assert ast.literal_eval(re.sub(r"np\.\w+\(([^)]*)\)", r"\1", best))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_dashboard_shows_a_study(tmp_path):
    dashboard = pytest.importorskip("optuna_dashboard")
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    study = optuna.create_study(storage=storage, sampler=LearnedSampler(budget=4, seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0), n_trials=4)
    environ = {"PATH_INFO": f"/api/studies/{study._study_id}", "QUERY_STRING": "after=0"}
    setup_testing_defaults(environ)
    statuses = []
    answer = dashboard.wsgi(storage)(environ, lambda status, *_: statuses.append(status))
    shown = json.loads(b"".join(answer))
    assert statuses == ["200 OK"]
    assert [trial["state"] for trial in shown["trials"]] == ["Complete"] * 4


def test_the_package_for_optunahub_has_what_the_registry_asks_for():
    package = HUB / "package" / "samplers" / "learned_tuner"
    text = (package / "README.md").read_text()
    front = dict(re.findall(r"^(\w+): (.+)$", text.split("---")[1], re.MULTILINE))
    assert set(front) == {
        *("author", "title", "description", "tags", "optuna_versions", "license"),
    }
    assert "sampler" in front["tags"].strip("[]").split(", ")
    assert front["license"] == "MIT License"
    assert optuna.__version__ in front["optuna_versions"]
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections == ["Abstract", "APIs", "Installation", "Example", "Others"]
    assert not re.search(r"<\w+", text)
    assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    # Binary files are not taken.
    assert all(file.read_bytes().decode() for file in package.iterdir() if file.is_file())
    names = re.findall(r"`(\w+)`: ", text)
    assert set(names) == {"budget", *LearnedSampler.__init__.__kwdefaults__}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_optunahub_loads_the_package():
    optunahub = pytest.importorskip("optunahub")
    module = optunahub.load_local_module(
        "samplers/learned_tuner", registry_root=str(HUB / "package")
    )
    assert module.LearnedSampler is LearnedSampler
