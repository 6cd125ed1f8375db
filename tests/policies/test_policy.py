"""NumPy policies: equal to torch, refused when damaged; files that are never half-written."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from bombs import Bomb
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.vec_env import VecNormalize

import hpo_gym
from hpo_gym.integrations.sb3 import NativeVecEnv
from hpo_gym.integrations.sb3_export import policy_from_sb3
from hpo_gym.policies.policy import Policy

PROPOSE, ADJUST, NUDGE = "FictitiousHPO-v0", "FictitiousHPOAdjust-v0", "FictitiousHPONudge-v0"


def make_envs(env_id, rows=4, **options):
    return NativeVecEnv(gym.make_vec(env_id, rows, autoreset_mode="SameStep", **options))


def make_model(algorithm, envs, activation=torch.nn.Tanh):
    sizes = {"n_steps": 4, "batch_size": 16} if algorithm is PPO else {"buffer_size": 100}
    arguments = {"net_arch": [16, 8], "activation_fn": activation}
    model = algorithm("MlpPolicy", envs, policy_kwargs=arguments, seed=0, device="cpu", **sizes)
    with torch.no_grad():  # fresh output layers are near 0, where every mistake is small
        for parameter in model.policy.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def some_observations(env_id, count=200, **options):
    envs = gym.make_vec(env_id, count, **options)
    envs.reset(seed=5)
    envs.action_space.seed(5)
    for _ in range(3):
        observations = envs.step(envs.action_space.sample())[0]
    return observations


@pytest.fixture
def policy():
    return policy_from_sb3(make_model(PPO, make_envs(PROPOSE)), {"note": "a test"})


@pytest.fixture
def saved(policy, tmp_path):
    return policy.save(tmp_path / "trained")


@pytest.mark.parametrize(
    ("algorithm", "trained_on", "options", "activation"),
    [
        (PPO, PROPOSE, {}, torch.nn.Tanh),
        (PPO, ADJUST, {"stop": True, "observation": "history"}, torch.nn.ReLU),
        (PPO, NUDGE, {}, torch.nn.Tanh),
        (DQN, NUDGE, {"stop": True}, torch.nn.ReLU),
    ],
)
def test_equal_to_torch(algorithm, trained_on, options, activation, tmp_path):
    model = make_model(algorithm, make_envs(trained_on, **options), activation)
    policy = Policy.load(policy_from_sb3(model).save(tmp_path / "p"))
    observations = some_observations(trained_on, **options)
    expected, _ = model.predict(np.ascontiguousarray(observations), deterministic=True)
    actions, _ = policy.predict(observations, deterministic=True)
    assert actions.dtype == expected.dtype and actions.shape == expected.shape
    np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    for observation, action in zip(observations[:5], actions, strict=False):
        single, state = policy.predict(observation, "memory", True, deterministic=True)
        np.testing.assert_allclose(single, action, rtol=0, atol=1e-6)
        assert state == "memory"
    assert len(np.unique(actions, axis=0)) > 1  # a constant policy would compare nothing


def test_logits_equal_torch():
    model = make_model(PPO, make_envs(NUDGE))
    observations = np.ascontiguousarray(some_observations(NUDGE))
    logits = policy_from_sb3(model).outputs(observations)
    distribution = model.policy.get_distribution(torch.from_numpy(observations)).distribution
    expected = distribution.logits.detach().numpy()
    differences = (logits - logits.mean(1, keepdims=True)) - (
        expected - expected.mean(1, keepdims=True)
    )
    assert np.abs(differences).max() < 1e-5


def test_observation_normalisation_is_part_of_the_policy(tmp_path):
    envs = VecNormalize(make_envs(PROPOSE), clip_obs=1.5)
    model = make_model(PPO, envs)
    envs.reset()
    for _ in range(30):
        envs.step(np.random.default_rng(0).uniform(-1, 1, (4, 3)))
    policy = Policy.load(policy_from_sb3(model).save(tmp_path / "p"))
    observations = some_observations(PROPOSE)
    expected, _ = model.predict(envs.normalize_obs(observations), deterministic=True)
    plain, _ = model.predict(np.ascontiguousarray(observations), deterministic=True)
    actions, _ = policy.predict(observations, deterministic=True)
    np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    assert np.abs(plain - expected).max() > 0.01


def test_gaussian_actions_have_the_stated_distribution(policy):
    policy.arrays["log_std"] = np.log(np.array([0.01, 0.02, 0.03], dtype=np.float32))
    policy.arrays["weight_2"] = 0.0 * policy.arrays["weight_2"]
    policy.arrays["bias_2"] = np.array([-0.5, 0.0, 0.995], dtype=np.float32)
    random = Policy(policy.arrays, policy.description, seed=1)
    observations = np.zeros((20_000, 14), dtype=np.float32)
    actions, _ = random.predict(observations)
    np.testing.assert_allclose(actions[:, :2].mean(0), [-0.5, 0.0], atol=5e-4)
    np.testing.assert_allclose(actions[:, :2].std(0), [0.01, 0.02], rtol=0.03)
    assert actions.max() == 1.0
    again = Policy(policy.arrays, policy.description, seed=1).predict(observations)[0]
    other = Policy(policy.arrays, policy.description, seed=2).predict(observations)[0]
    assert (actions == again).all() and (actions != other).any()


def test_categorical_actions_have_the_softmax_distribution():
    policy = policy_from_sb3(make_model(PPO, make_envs(NUDGE)))
    observation = some_observations(NUDGE)[0]
    logits = policy.outputs(observation[None])[0].astype(np.float64)
    expected = np.exp(logits - logits.max())
    expected /= expected.sum()
    random = Policy(policy.arrays, policy.description, seed=3)
    actions, _ = random.predict(np.repeat(observation[None], 40_000, axis=0))
    frequencies = np.bincount(actions, minlength=7) / len(actions)
    np.testing.assert_allclose(frequencies, expected, atol=0.01)


def test_files_say_what_was_saved(policy, saved):
    loaded = Policy.load(saved.with_suffix(".json"))
    assert loaded.description == policy.description
    assert loaded.description["note"] == "a test"
    assert loaded.description["layer_sizes"] == [14, 16, 8, 3]
    assert loaded.arrays.keys() == policy.arrays.keys()
    for name, array in policy.arrays.items():
        assert (loaded.arrays[name] == array).all()


def truncate_npz(npz, text):
    npz.write_bytes(npz.read_bytes()[:-100])


def flip_a_bit(npz, text):
    data = bytearray(npz.read_bytes())
    data[len(data) // 2] ^= 1
    npz.write_bytes(data)


def empty_npz(npz, text):
    npz.write_bytes(b"")


def truncate_json(npz, text):
    text.write_bytes(text.read_bytes()[:50])


def binary_json(npz, text):
    text.write_bytes(b"\xff\xfe\x00")


def list_json(npz, text):
    text.write_text("[1, 2]")


def change_json(**changes):
    def damage(npz, text):
        text.write_text(json.dumps(json.loads(text.read_text()) | changes))

    return damage


def other_arrays(make):
    """Arrays that are not the policy's, with a digest that fits."""

    def damage(npz, text):
        data = make(dict(np.load(npz)))
        npz.write_bytes(data)
        change_json(sha256=hashlib.sha256(data).hexdigest())(npz, text)

    return damage


def npz_bytes(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def pickled(arrays):
    return npz_bytes(arrays | {"bias_0": np.array([Bomb()], dtype=object)})


def without_bias(arrays):
    return npz_bytes({name: array for name, array in arrays.items() if name != "bias_1"})


def with_nan(arrays):
    arrays["weight_1"][0, 0] = np.nan
    return npz_bytes(arrays)


DAMAGES = {
    "truncated npz": (truncate_npz, "SHA-256"),
    "flipped bit": (flip_a_bit, "SHA-256"),
    "empty npz": (empty_npz, "SHA-256"),
    "truncated json": (truncate_json, "no JSON object"),
    "binary json": (binary_json, "no JSON object: 'utf-8'"),
    "json list": (list_json, "no JSON object: it holds a list"),
    "other digest": (change_json(sha256="0" * 64), "another policy"),
    "later format": (change_json(format=2), "format 2"),
    "unknown kind": (change_json(kind="beta"), "kind = 'beta'"),
    "unknown activation": (change_json(activation="gelu"), "activation = 'gelu'"),
    "no layers": (change_json(layer_sizes=[14]), "layer_sizes"),
    "other layers": (change_json(layer_sizes=[14, 16, 9, 3]), "weight_1"),
    "other observation": (change_json(layer_sizes=[15, 16, 8, 3]), "interface"),
    "no interface": (change_json(interface=None), "interface"),
    "pickle": (other_arrays(pickled), "allow_pickle=False"),
    "no zip": (other_arrays(lambda arrays: b"not a zip file"), "policy files"),
    "missing array": (other_arrays(without_bias), "'bias_1' is missing"),
    "nan": (other_arrays(with_nan), "finite"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_refused(saved, damage):
    change, message = DAMAGES[damage]
    change(saved, saved.with_suffix(".json"))
    with pytest.raises(ValueError, match=message) as raised:
        Policy.load(saved)
    assert saved.stem in str(raised.value) and "train the policy again" in str(raised.value)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_missing_file(saved, suffix):
    saved.with_suffix(suffix).unlink()
    with pytest.raises(FileNotFoundError, match=f"trained\\{suffix}"):
        Policy.load(saved)


@pytest.mark.parametrize("shape", [(13,), (4, 15), (2, 3, 14), ()])
def test_observation_of_another_size(policy, shape):
    with pytest.raises(ValueError, match="14 components"):
        policy.predict(np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize(
    ("used_on", "options", "name"),
    [
        (ADJUST, {}, "action = 'propose'"),
        (NUDGE, {}, "action = 'propose'"),
        (PROPOSE, {"stop": True}, "action_size = 3"),
        (PROPOSE, {"observation": "history"}, "observation = 'summary'"),
        ("BealeHPO-v0", {}, "parameters"),
    ],
)
def test_environment_of_another_kind(policy, used_on, options, name):
    with pytest.raises(ValueError, match=name):
        policy.check_env(gym.make(used_on, **options))


def test_environments_of_its_kind(policy):
    policy.check_env(gym.make(PROPOSE, max_evaluations=5))
    policy.check_env(gym.make_vec(PROPOSE, 2))
    policy.check_env(gym.make(PROPOSE).unwrapped.process)


def test_models_that_cannot_be_exported():
    with pytest.raises(ValueError, match="activation"):
        policy_from_sb3(make_model(PPO, make_envs(PROPOSE), torch.nn.ELU))
    arguments = {"n_steps": 4, "batch_size": 16, "use_sde": True, "device": "cpu"}
    with pytest.raises(ValueError, match="state-dependent"):
        policy_from_sb3(PPO("MlpPolicy", make_envs(PROPOSE), **arguments))


def test_running_a_policy_needs_no_torch(saved):
    code = (
        "import sys; from hpo_gym.policies.policy import Policy; Policy.load(sys.argv[1]); "
        "assert not {'torch', 'stable_baselines3'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(hpo_gym.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code, saved], check=True, env=environment)
