"""The unrolled tuner: episodes equal to the environment's, gradients, training, files."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from agents.training import checkpoints
from agents.training.run import TrainingInterrupted
from agents.training.train import train
from agents.training.unroll import Bank, Network, unroll
from agents.training.unrolled import UnrolledLearner, UnrolledSettings
from agents.training.validation import regrets, summarise
from hpo_gym import rng
from hpo_gym.policies.policy import Policy

FAMILY = "hpo_gym:FictitiousHPOFamily-v0"
# The bank of the training split takes seconds to make.
SMALL = {"env_options": {"split": "validation"}, "progress_bar": False}
SETTINGS = UnrolledSettings(
    updates=12, tasks=16, interval=4, evaluation_episodes=8, hidden=(16, 8), warm_up=2
)


def make_envs(rows, **options):
    return gym.make_vec(FAMILY, rows, split="validation", **options)


def make_network(envs, seed=0):
    torch.manual_seed(seed)
    network = Network([envs.process.encoder.size, 16, 16, 3])
    with torch.no_grad():  # fresh output layers are near 0, where every mistake is small
        network.layers[-1].weight *= 60.0
    return network


def noise_of(envs):
    """The uniforms that the environments are going to use, (T, draws, N)."""
    process, key = envs.process, envs._state.key
    counts = np.arange(1, process.encoder.rows + 1, dtype=np.uint64)
    keys = rng.derive(rng.derive(key, rng.NOISE), counts[:, None])
    draws = [rng.uniforms(each, process.family.draws) for each in keys]
    return torch.from_numpy(np.array(draws))


def play(envs, network, observations):
    """Proposals and regrets of the network in the environments, each (T, N, ...)."""
    proposals, values = [], []
    for _ in range(envs.process.encoder.rows):
        with torch.no_grad():
            actions = network(torch.from_numpy(observations)).clamp(-1.0, 1.0).numpy()
        observations, *_, info = envs.step(actions)
        proposals.append(actions)
        values.append(info["regret"])
    return np.array(proposals), np.array(values)


def test_episodes_equal_those_of_the_environment():
    envs = make_envs(64)
    observations, _ = envs.reset(seed=3, options={"task": np.arange(64)})
    network, draws = make_network(envs), noise_of(envs)
    tasks = Bank(envs.process.family, "validation", "f1").tasks(torch.arange(64))
    with torch.no_grad():
        episodes = unroll(network, envs.process, tasks, draws, whole=True)
        other = unroll(network, envs.process, tasks, draws.flip(0), whole=True)
        real = unroll(network, envs.process, tasks, draws)
    proposals, values = play(envs, network, observations)
    assert np.ptp(proposals, axis=0).max() > 0.5  # the proposals depend on what was seen
    np.testing.assert_allclose(episodes.units, proposals, atol=2e-5)
    np.testing.assert_allclose(episodes.best_regret, values, atol=1e-3)
    assert np.median(np.abs(episodes.best_regret.numpy() - values)) < 1e-6
    assert (other.units - episodes.units).abs().max() > 1e-3  # the noise is seen
    assert (real.regret - episodes.regret).abs().max() > 1e-4  # and so is the rounding


def test_gradients_are_those_of_finite_differences():
    envs = make_envs(1)
    network = make_network(envs).double()
    tasks = Bank(envs.process.family, "validation", "f1").tasks(torch.arange(8))
    draws = torch.rand(16, 4, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    settings = replace(SETTINGS, excess_weight=0.0)
    with torch.no_grad():  # proposals inside the cube, where the gradient is the true one
        network.layers[-1].weight *= 0.03

    def loss():
        episodes = unroll(network, envs.process, tasks, draws)
        assert episodes.units.abs().max() < 1.0
        return settings.loss(episodes)

    loss().backward()
    for layer in network.layers:
        direction = torch.sign(layer.weight.grad)
        with torch.no_grad():
            values = []
            for step in (1e-6, -2e-6):
                layer.weight += step * direction
                values.append(float(loss()))
            layer.weight += 1e-6 * direction
        slope = float((layer.weight.grad * direction).sum())
        assert slope > 0.0
        assert (values[0] - values[1]) / 2e-6 == pytest.approx(slope, rel=1e-4)


def test_gradients_pass_the_walls_and_stay_bounded():
    envs = make_envs(1)
    network = make_network(envs)
    with torch.no_grad():
        network.layers[-1].bias += 5.0
    tasks = Bank(envs.process.family, "validation", "f1").tasks(torch.arange(8))
    draws = torch.zeros(16, 4, 8, dtype=torch.float64)
    norms = []
    for limit in (float("inf"), 1e-3, 0.0):
        episodes = unroll(network, envs.process, tasks, draws, gradient_limit=limit)
        assert episodes.units.min() == 1.0 and episodes.excess > 1.0
        (gradient,) = torch.autograd.grad(episodes.regret.mean(), network.layers[-1].bias)
        norms.append(float(gradient.norm()))
    assert norms[0] > norms[1] > norms[2] == 0.0


def test_a_short_training_improves():
    settings = replace(SETTINGS, updates=40, tasks=32, evaluation_episodes=128, interval=40)
    start = train(replace(settings, updates=1), FAMILY, **SMALL).policy
    policy = train(settings, FAMILY, **SMALL).policy
    before, after = (each.description["validation"] for each in (start, policy))
    assert after["score"] < before["score"] - 0.1
    assert after["iqm"]["16"] < 0.8 * before["iqm"]["16"]
    again = summarise(regrets(policy, {"id": FAMILY, "options": {}}, 128))
    assert again["score"] == after["score"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    train(SETTINGS, FAMILY, run_dir=folder, command="a command", **SMALL)
    return folder


def last_state(folder):
    return checkpoints.load_latest(folder / "checkpoints")["learner"]


def assert_same_end(one, other):
    states = [last_state(folder) for folder in (one, other)]
    assert [state["update"] for state in states] == [12, 12]
    for name, tensor in states[0]["network"].items():
        assert torch.equal(tensor, states[1]["network"][name])
    policies = [Policy.load(folder / "policy") for folder in (one, other)]
    for name, array in policies[0].arrays.items():
        np.testing.assert_array_equal(array, policies[1].arrays[name])
    validations = [policy.description["validation"] for policy in policies]
    assert validations[0] == validations[1]


@pytest.mark.parametrize("last", [6, 11])
def test_a_killed_run_goes_on_to_the_same_end(undisturbed, tmp_path, monkeypatch, last):
    original = UnrolledLearner.loss

    def die(self):
        if self.done == last:
            raise MemoryError("killed")
        return original(self)

    with monkeypatch.context() as patched:
        patched.setattr(UnrolledLearner, "loss", die)
        with pytest.raises(MemoryError):
            train(SETTINGS, FAMILY, run_dir=tmp_path, **SMALL)
    assert not (tmp_path / "policy.npz").exists()
    train(SETTINGS, FAMILY, run_dir=tmp_path, resume=True, **SMALL)
    assert_same_end(tmp_path, undisturbed)


def test_another_seed_ends_elsewhere(undisturbed, tmp_path):
    with pytest.raises(ValueError, match="seed was 0 and is now 1"):
        train(SETTINGS, FAMILY, run_dir=undisturbed, resume=True, seed=1, **SMALL)
    policy = train(SETTINGS, FAMILY, run_dir=tmp_path, seed=1, **SMALL).policy
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(
            policy.arrays["weight_1"], Policy.load(undisturbed / "policy").arrays["weight_1"]
        )


def test_ctrl_c_saves_and_the_run_can_go_on(undisturbed, tmp_path, monkeypatch):
    original = UnrolledLearner.loss

    def press(self):
        if self.done == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self)

    with monkeypatch.context() as patched:
        patched.setattr(UnrolledLearner, "loss", press)
        with pytest.raises(TrainingInterrupted, match="after 6 of 12 updates"):
            train(SETTINGS, FAMILY, run_dir=tmp_path, **SMALL)
    assert Policy.load(tmp_path / "policy").description["updates"] in (4, 6)
    train(SETTINGS, FAMILY, run_dir=tmp_path, resume=True, **SMALL)
    states = [last_state(folder) for folder in (tmp_path, undisturbed)]
    assert torch.equal(
        states[0]["network"]["layer_0.weight"], states[1]["network"]["layer_0.weight"]
    )


def test_the_policy_says_where_it_comes_from_and_runs_without_torch(undisturbed):
    description = json.loads((undisturbed / "policy.json").read_text())
    assert description["algorithm"] == "unrolled" and description["kind"] == "deterministic"
    assert description["command"] == "a command" and description["seed"] == 0
    assert description["episodes"] == description["updates"] * 16
    assert description["training_seconds"] > 0.0 and description["validation"]["tasks"] == 8
    program = (
        "import sys\nsys.modules['torch'] = None\nimport gymnasium as gym\n"
        "from hpo_gym.policies.policy import Policy\n"
        f"policy = Policy.load({str(undisturbed / 'policy')!r})\n"
        f"env = gym.make({FAMILY!r}, split='validation')\npolicy.check_env(env)\n"
        "observation, _ = env.reset(seed=0)\ndone = False\n"
        "while not done:\n"
        "    action, _ = policy.predict(observation)\n"
        "    assert (action == policy.predict(observation, deterministic=True)[0]).all()\n"
        "    observation, _, done, _, info = env.step(action)\nprint(info['evaluations'])\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.split() == ["16"], result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observation": "summary"}, "needs observation = 'history'"),
        ({"stop": True}, "needs stop = False"),
        ({"action": "nudge", "start": "random"}, "needs action = 'propose'"),
        ({"family": "notebook", "noise": 0.0}, "family of many tasks"),
    ],
)
def test_environments_that_cannot_be_unrolled(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        train(SETTINGS, FAMILY, env_options=options, run_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_learning_rate_rises_and_falls():
    settings = replace(SETTINGS, updates=100, warm_up=10, learning_rate=2e-3)
    rates = [settings.rate(update) for update in range(100)]
    assert np.argmax(rates) == 9 and rates[0] == pytest.approx(2e-4) and rates[-1] < 1e-6
