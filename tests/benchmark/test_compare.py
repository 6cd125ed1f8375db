"""The comparison script."""

import csv
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from agents.training import train as training
from agents.training.algorithms import ALGORITHMS
from hpo_gym.benchmark.running.rollouts import run_episodes
from hpo_gym.policies.policy import Policy
from scripts import compare
from scripts.figures import draw_frame
from scripts.speed import bench

ROOT = Path(__file__).parents[2]

PROPOSE, NUDGE = "FictitiousHPO-v0", "FictitiousHPONudge-v0"


def make_policy(env_id, algorithm, **options):
    """A policy that always does the same, as if an algorithm had made it."""
    process = gym.make(env_id, **options).unwrapped.process
    ends = process.interface
    size, actions = ends["observation_size"], ends["action_size"]
    description = {
        "format": 1,
        "algorithm": algorithm,
        "kind": "greedy" if ends["action"] == "nudge" else "gaussian",
        "activation": "relu",
        "layer_sizes": [size, actions],
        "interface": ends,
    }
    arrays = {"weight_0": np.zeros((actions, size)), "bias_0": np.arange(float(actions))}
    if description["kind"] == "gaussian":
        arrays["log_std"] = np.zeros(actions)
    return Policy({name: array.astype(np.float32) for name, array in arrays.items()}, description)


def run_script(monkeypatch, main, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    main()


def read_csv(folder):
    lines = (folder / "compare.csv").read_text().splitlines()
    return {row["agent"]: row for row in csv.DictReader(lines)}


WITHOUT_TORCH = """
import sys
from scripts.compare import main
main()
sys.exit(7 if "torch" in sys.modules else 0)
"""


def test_comparison_writes_numbers_table_and_plot_without_torch(tmp_path):
    arguments = ("--agents", "random", "oracle", "--episodes", "50", "--out", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = read_csv(tmp_path)
    assert list(rows) == ["random", "oracle"]
    words = {"agent", "env", "options", "hpo_gym_version", "command"}
    for name, row in rows.items():
        assert row["training_seconds"] == ""
        numbers = {key: float(row[key]) for key in set(row) - words - {"training_seconds"}}
        assert numbers["return_low"] < numbers["return_mean"] < numbers["return_high"]
        assert numbers["iqm_low"] < numbers["return_iqm"] < numbers["iqm_high"]
        assert numbers["regret_1"] >= numbers["regret_20"] >= 0.0
        assert numbers["microseconds_per_decision"] > 0.0
        assert (numbers["episodes"], numbers["seed"], row["env"]) == (50.0, 0.0, PROPOSE)
        assert numbers["way"] == pytest.approx(float(name == "oracle"), abs=1e-3)
    assert float(rows["random"]["evaluations_to_1_percent"]) == np.inf
    assert float(rows["oracle"]["evaluations_to_1_percent"]) == 1.0
    assert float(rows["oracle"]["within_1_percent"]) == 1.0
    words = shlex.split(rows["oracle"]["command"])
    assert words[1:5] == ["-m", "scripts.compare", "--agents", "random"]

    random = run_episodes(make_agent("random", gym.make(PROPOSE)), PROPOSE, episodes=50, seed=10**6)
    assert float(rows["random"]["return_mean"]) == pytest.approx(random.returns.mean(), abs=1e-12)
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert "\n".join(table) in (tmp_path / "compare.md").read_text()
    cells = [cell.strip() for cell in table[-1].split("|")]
    assert cells[1] == "oracle" and cells[4] == "100.00 %"


def test_a_policy_of_ones_own_is_not_trained(tmp_path, monkeypatch, capsys):
    path = make_policy(NUDGE, "DQN").save(tmp_path / "policy.npz")
    arguments = ("--env", NUDGE, "--agent", f"dqn={path}", "--episodes", 5, "--out", tmp_path)
    run_script(monkeypatch, compare.main, *arguments)
    # Nothing is trained; "constant" and "grid", which make no sense here, are left out.
    assert list(read_csv(tmp_path)) == ["random", "coordinate", "oracle", "dqn"]
    assert "left out: grid: agent 'grid'" in capsys.readouterr().out
    run_script(monkeypatch, compare.main, *arguments, "--agents", "random")
    assert list(read_csv(tmp_path)) == ["random", "dqn"]


@pytest.mark.parametrize("env_id", ["FictitiousHPOFamily-v0", "BinormalHPOFamily-v0"])
def test_the_defaults_work_on_families(env_id, tmp_path, monkeypatch, capsys):
    arguments = ("--env", env_id, "--episodes", 20, "--out", tmp_path)
    run_script(monkeypatch, compare.main, *arguments)
    printed, rows = capsys.readouterr().out, read_csv(tmp_path)
    learned = ["ppo-0", "recurrent_ppo-0", "unrolled-0"]
    assert list(rows) == ["random", "grid", "coordinate", "oracle", *learned]
    assert "left out: constant: " in printed and "no scale for the way: " in printed
    for name, row in rows.items():
        assert json.loads(row["options"]) == {"split": "test"} and row["way"] == ""
        known = name == "oracle"  # it was told its tasks
        assert (float(row["regret_1"]) < 1e-9) is known
    assert float(rows["unrolled-0"]["regret_16"]) < 0.5 * float(rows["random"]["regret_16"])


def test_agents_of_ones_own_have_names_of_their_own(tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text(
        "from agents.baselines.random_search import RandomAgent\n"
        "from hpo_gym.tuners.entry import AgentEntry\n"
        "from hpo_gym.tuners.registry import register_agent\n"
        "register_agent(AgentEntry('of-file', RandomAgent))\n"
        "class Mine(RandomAgent): ...\n"
        "class Other: ...\n"
    )
    arguments = ("--episodes", 5, "--out", tmp_path, "--agents", "random", "of-file")
    own = ("--import", file, "--agent", f"{file}:Mine", "--agent", f"two={file}:Mine")
    run_script(monkeypatch, compare.main, *arguments, *own)
    rows = read_csv(tmp_path)
    assert list(rows) == ["random", "of-file", "Mine", "two"]
    assert len({row["return_mean"] for row in rows.values()}) == 1
    for agent, message in [
        (f"random={file}:Mine", r"the names \['random'\] are taken"),
        (f"grid={file}:Mine", r"the names \['grid'\] are taken"),
        (f"two={file}:Mine", r"the names \['Mine', 'two'\] are taken or given twice"),
        (f"{file}:Other", "agent 'Other': a tuner is built by"),
    ]:
        with pytest.raises(SystemExit, match=f"error: .*{message}"):
            run_script(monkeypatch, compare.main, *arguments, *own, "--agent", agent)


def test_what_is_wrong_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "file").write_text("no folder")
    for arguments, message in [
        (("--out", tmp_path / "file"), "--out .*file cannot be written"),
        (("--agents", "ppo", "dqn"), "DQN needs discrete actions"),
        (("--agents", "ppo", "--agent", "nowhere.npz"), "no policy file nowhere.npz"),
        (("--options", '{"family": "tests/support/foreign/blind.py:Blind"}'), "f1|regrets"),
    ]:
        with pytest.raises(SystemExit, match=f"error: .*{message}"):
            run_script(monkeypatch, compare.main, "--out", tmp_path, *arguments)
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_options_reach_everything_and_the_trained_policy_is_kept(tmp_path, monkeypatch, capsys):
    trained = []
    assert {*compare.TRAINABLE, "anyspace", "classifier"} == set(ALGORITHMS)

    def train(settings, env_id, *, env_options, seed, command):
        trained.append((settings.algorithm, env_id, env_options, seed))
        return make_policy(env_id, "PPO", **env_options), 12.5

    monkeypatch.setattr(training, "train", train)
    options = {"max_evaluations": 5, "stop": True}
    arguments = ("--agents", "ppo", "constant", "--episodes", 5, "--out", tmp_path, "--seed", 3)
    run_script(monkeypatch, compare.main, "--options", json.dumps(options), *arguments)
    assert trained == [("PPO", PROPOSE, options, 3)]
    rows = read_csv(tmp_path)
    assert "regret_5" in rows["ppo"] and "regret_10" not in rows["ppo"]  # the budget
    assert json.loads(rows["ppo"]["options"]) == options
    assert float(rows["ppo"]["training_seconds"]) == 12.5
    # Stop at once: the policy's last action.
    assert float(rows["ppo"]["return_mean"]) == 0.0 < float(rows["constant"]["return_mean"])
    Policy.load(tmp_path / "policy-ppo").check_env(gym.make(PROPOSE, **options))
    assert f"written: {tmp_path / 'policy-ppo.npz'}" in capsys.readouterr().out


def test_a_reward_that_nobody_can_plan_has_no_way(tmp_path, monkeypatch):
    arguments = ("--options", '{"reward": "log_regret"}', "--episodes", 5, "--out", tmp_path)
    run_script(monkeypatch, compare.main, *arguments, "--agents", "random")
    assert read_csv(tmp_path)["random"]["way"] == ""


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (compare.main, ["--env", "Nope"], "Nope"),
        (compare.main, ["--env", "CartPole-v1"], "give an environment of hpo_gym"),
        (compare.main, ["--agents", "random", "foo"], r"unknown agents \['foo'\]; choose from"),
        (compare.main, ["--env", NUDGE, "--agents", "grid"], "makes no sense"),
        (compare.main, ["--seed", "-3"], r"--seed -3 must .* \[0, 4294967295\]"),
        (compare.main, ["--episodes", "0"], r"--episodes 0 must .* \[1, 100000\]"),
        (compare.main, ["--options", '{"foo": 1}'], r"unknown options \['foo'\]; choose from"),
        (compare.main, ["--options", '{"reward": []}'], r"reward|does not take"),
        (compare.main, ["--import", "nowhere.py"], "--import nowhere.py: there is no such file"),
        (bench.main, ["--repeats", "0"], "--repeats 0 must be a whole number >= 1"),
        (draw_frame.main, ["--agent", "foo"], "unknown agent 'foo'"),
        (draw_frame.main, ["--steps", "-1"], "--steps -1"),
    ],
)
def test_mistakes_on_the_command_line_end_in_one_line(monkeypatch, main, arguments, message):
    with pytest.raises(SystemExit, match=message) as exited:
        run_script(monkeypatch, main, *arguments)
    assert str(exited.value).startswith("error: ")


def test_a_policy_of_another_mode_is_refused(tmp_path, monkeypatch):
    path = make_policy(NUDGE, "DQN").save(tmp_path / "policy.npz")
    message = r"error: policy file .*policy.npz: this DQN policy was trained with"
    with pytest.raises(SystemExit, match=message):
        run_script(monkeypatch, compare.main, "--agent", path)


def test_ctrl_c_ends_a_comparison_quietly(monkeypatch, capsys):
    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "make_env", press)
    with pytest.raises(SystemExit) as exited:
        run_script(monkeypatch, compare.main)
    assert exited.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"
