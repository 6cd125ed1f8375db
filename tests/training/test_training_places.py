"""Training: where runs go, several of them, what stops them, and families of the user."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_trainings import NUDGE, PPO_SETTINGS, PROPOSE, QUIET, press_ctrl_c

from agents.training import progress
from agents.training.dqn import DQNSettings
from agents.training.learner import EnvironmentSettings, Learner
from agents.training.seeds import Common, Seed, train_seed
from agents.training.train import train
from hpo_gym.policies.policy import Policy
from scripts.train import Arguments, make_plan, run

ROOT = Path(__file__).parents[2]
PARABOLA = """
from hpo_gym import Family, Float, Integer, SearchSpace, register_family

@register_family
class Parabola(Family):
    name, metrics, goals = "parabola-of-{name}", ("error",), {{"error": "minimise"}}
    space = SearchSpace({{"x": Float(-1.0, 1.0), "n": Integer(1, 8)}})

    def noiseless(self, parameters, scaled, xp):
        x, n = scaled
        return (x * x + 0.1 * n,)
"""


@pytest.fixture
def parabola(tmp_path):
    """A file with a family, outside of all packages."""
    file = tmp_path / "my families.py"
    file.write_text(PARABOLA.format(name=tmp_path.name))
    return file


@pytest.mark.parametrize(
    ("others", "names"),
    [
        ({"env": "hpo_gym:FictitiousHPO-v0"}, ["ppo-FictitiousHPO-v0-0"]),
        ({"env": PROPOSE, "seeds": (3, 1)}, [f"ppo-{PROPOSE}-3", f"ppo-{PROPOSE}-1"]),
        ({"family": "fictitious"}, ["ppo-fictitious-0"]),
        ({"family": "hpo_gym.families.beale:BealeFamily"}, ["ppo-BealeFamily-0"]),
        ({"family": "beale", "env": "hpo_gym:BealeHPO-v0"}, ["ppo-BealeHPO-v0-beale-0"]),
    ],
)
def test_folders_have_plain_names(others, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = make_plan(Arguments(agent="ppo", **others))
    assert [folder.path.name for folder in plan.folders.values()] == names
    assert {folder.path.parent for folder in plan.folders.values()} == {Path("runs")}
    assert not [*tmp_path.iterdir()]


def test_a_family_of_a_file(parabola, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = Arguments(agent="recurrent_ppo", family="my families.py:Parabola")
    plan = make_plan(given)
    assert plan.options == {"family": f"{parabola}:Parabola", "metric": "error"}
    assert plan.settings.criterion == "return" and plan.settings.reward is None
    assert plan.folders[0].path.name == "recurrent_ppo-Parabola-0"
    named = f"parabola-of-{tmp_path.name}"
    given = Arguments(agent="ppo", family=named, imports=(str(parabola),), env=PROPOSE)
    run(replace(given, options='{"max_evaluations": 3}'), PPO_SETTINGS)
    description = Policy.load(f"runs/ppo-{PROPOSE}-{named}-0/policy").description
    assert description["environment"]["options"]["family"] == named
    assert description["interface"]["parameters"] == ["x", "n"]


def test_imports_that_fail_are_one_line(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("\nnonsense\n")
    for source, message in [
        (str(bad), rf"--import .* fails at {re.escape(str(bad))}, line 2: NameError: .*nonsense"),
        ("no_such_module", "No module named 'no_such_module'"),
        (str(tmp_path / "none.py"), "no such file"),
    ]:
        with pytest.raises(SystemExit, match=f"error: {message}|error: --import .*{message}"):
            run(Arguments(agent="ppo", env=PROPOSE, imports=(source,), out=tmp_path / "run"))
    assert [*tmp_path.iterdir()] == [bad]


def test_several_seeds_are_trained_and_resumed(tmp_path, monkeypatch, capsys):
    given = Arguments(agent="ppo", env=PROPOSE, seeds=(4, 5, 6), out=tmp_path)
    with monkeypatch.context() as patched:
        press_ctrl_c(patched)
        with pytest.raises(SystemExit):
            run(given, PPO_SETTINGS)
    assert "--resume" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["seed-4"]
    run(replace(given, resume=True), PPO_SETTINGS)
    assert capsys.readouterr().out.count("training seconds") == 3
    steps = [Policy.load(tmp_path / f"seed-{seed}/policy").description for seed in (4, 5, 6)]
    assert [each["seed"] for each in steps] == [4, 5, 6]
    before = (tmp_path / "seed-6/policy.npz").read_bytes()
    with pytest.raises(SystemExit, match=r"seed-6 holds a run: continue it with --resume"):
        run(replace(given, seeds=(7, 6)), PPO_SETTINGS)
    assert not (tmp_path / "seed-7").exists()  # the last folder is looked at before all work
    run(replace(given, seeds=(5, 6), overwrite=True), PPO_SETTINGS)
    assert (tmp_path / "seed-6/policy.npz").read_bytes() == before
    with pytest.raises(SystemExit, match="no run to resume"):
        run(replace(given, seeds=(8, 9), resume=True), PPO_SETTINGS)


def test_a_family_whose_file_is_elsewhere(parabola, tmp_path):
    """What is written down names it as it was named."""
    named, options = "/nowhere/families.py:Parabola", {"metric": "error"}
    common = Common(
        replace(PPO_SETTINGS, reward=None),
        "hpo_gym:FictitiousHPOFamily-v0",
        json.dumps({"family": named, **options}),
        str(parabola),
        modules=(),
        command="",
        threads=1,
        progress_bar=False,
    )
    files = train_seed(common, Seed(5, Path("/nowhere"), resume=False, files={}))
    assert {"policy.npz", "policy.json", "run.json"} <= files.keys()
    for name in ("run.json", "policy.json"):
        assert json.loads(files[name])["environment"]["options"]["family"] == named
    again = train_seed(common, Seed(5, Path("/nowhere"), resume=True, files=files))
    assert again["policy.npz"] == files["policy.npz"]


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.train.train_seed", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "file").write_text("no folder")
    for out in (tmp_path / "file", tmp_path / "file/deeper/still"):
        with pytest.raises(SystemExit, match=r"error: --out .*file cannot be written .* another"):
            run(Arguments(agent="ppo", env=PROPOSE, out=out), PPO_SETTINGS)
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_sigterm_is_ctrl_c_and_the_printed_command_goes_on(tmp_path):
    settings = '{"num_envs": 4, "n_steps": 4, "batch_size": 8, "interval": 64, "total_steps": 1%s}'
    arguments = ["--env", PROPOSE, "--out", "a run", "--settings", settings % "000000"]
    command = [sys.executable, "-m", "scripts.train", "--agent", "ppo", *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=surroundings, stderr=subprocess.PIPE, text=True
    ) as process:
        while not [*tmp_path.glob("a run/checkpoints/*.checkpoint")]:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors
    assert Policy.load(tmp_path / "a run/policy").description["steps"] < 1_000_000
    again = next(line for line in errors.splitlines() if line.startswith("continue with: "))
    assert shlex.split(again.removeprefix("continue with: ")) == [*command, "--resume"]
    assert errors.count("\n") < 10  # no progress bar in a pipe


def test_a_diverged_training_says_so_and_blocks_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Learner, "diverged", True)
    settings = replace(PPO_SETTINGS, learning_rate=1.0, final_learning_rate=1.0)

    def fail(*_):
        raise ValueError("Expected parameter loc")

    with monkeypatch.context() as patched:
        patched.setattr(EnvironmentSettings, "validate", fail)
        with pytest.raises(ValueError, match=r"diverged: after 112 steps .* smaller learning_rate"):
            train(settings, PROPOSE, run_dir=tmp_path / "run", **QUIET)
    assert not (tmp_path / "run").exists()
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path / "run", **QUIET)


def test_weights_that_are_not_finite_have_diverged():
    learner = DQNSettings(num_envs=2, buffer_size=8).learner(NUDGE, {}, seed=0)
    assert not learner.diverged
    next(iter(learner.parameters())).data[0] = float("nan")
    assert learner.diverged
    learner.close()


def test_progress_in_a_file_is_a_line_now_and_then(monkeypatch, capsys):
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.Progress(200, 0, "step", shown=True) as shown:
        for step in range(1, 201):
            shown.update(step)
            shown.note(f"validation {step}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "15 of 200 steps, validation 14"
    assert lines[-1] == "200 of 200 steps, validation 200"
    assert len(lines) == 14  # one in 30 s, and the last
    with progress.Progress(200, 0, "step", shown=False) as hidden:
        hidden.update(200)
    assert capsys.readouterr().err == ""
