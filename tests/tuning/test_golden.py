"""The golden episode: figures that were computed independently of this code."""

from __future__ import annotations

import json

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym

START = {"thr": 0.3, "epochs": 10, "lr": 1e-4}
ACTIONS = [
    (0, 0, 0),
    (-0.5, 0.5, 0.9),
    (0, 0.6, 0.4),
    (-0.0061, 0.595959595959596, 0.416666666666667),
    (1, -1, -1),
    (2, -3, 0.5),
    (-0.1, 0.7, 0.2),
    (0.02, 0.6, 0.42),
    (0, 1, 1),
    (-1, 1, 0),
]
NAMES = ("thr", "epochs", "lr", "f1", "best_f1", "regret")
# thr, epochs, lr, f1, reward, best_f1, regret
ROWS = [
    (0.5, 50, 0.0251188643, 0.6060905520, 0.5097634579, 0.6060905520, 0.2125171350),
    (0.25, 75, 3.6307800693, 0.1766095415, -0.0170000000, 0.6060905520, 0.2125171350),
    (0.5, 80, 0.2290867728, 0.7693539809, 0.1452634290, 0.7693539809, 0.0003918141),
    (0.4969500001, 80, 0.2511886294, 0.7696555284, -0.0176984526, 0.7696555284, 0.0000000187),
    (1.0, 1, 0.0001, 0.0000907601, -0.0022, 0.7696555284, 0.0000000187),
    (1.0, 1, 0.3981071706, 0.0001117924, -0.0022, 0.7696555284, 0.0000000187),
    (0.4499999993, 85, 0.0758577588, 0.7001605256, -0.0190, 0.7696555284, 0.0000000187),
    (0.5099999998, 80, 0.2558585701, 0.7652304705, -0.0180, 0.7696555284, 0.0000000187),
    (0.5, 100, 6.3095734448, 0.3960069116, -0.0220, 0.7696555284, 0.0000000187),
    (0.0, 100, 0.0251188643, 0.1172007531, -0.0220, 0.7696555284, 0.0000000187),
]
RETURN = 0.5349284343


def play_scalar():
    """Infos and rewards of the golden episode, the start's first."""
    env = gym.make("hpo_gym:FictitiousHPO-v0")
    _, info = env.reset(seed=1, options={"start": START})
    episode = [(info, None)]
    for action in ACTIONS:
        _, reward, _, _, info = env.step(np.array(action, dtype=np.float32))
        episode.append((info, reward))
    return episode


def play_vector():
    """The same, from the last row of a vector environment."""
    envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 3)
    _, infos = envs.reset(seed=1, options={"start": START})
    episode = [(infos, None)]
    for action in ACTIONS:
        _, rewards, _, _, infos = envs.step(np.full((3, 3), action, dtype=np.float32))
        episode.append((infos, float(rewards[2])))
    return [
        ({name: value[2].item() for name, value in infos.items() if name[0] != "_"}, reward)
        for infos, reward in episode
    ]


@pytest.mark.parametrize("play", [play_scalar, play_vector])
def test_golden_episode(play):
    episode = play()
    assert episode[0][0]["f1"] == pytest.approx(0.0843270941, abs=1e-9)
    assert episode[0][0]["total_cost"] == 0.0
    total_cost = 0.0
    for (info, reward), (thr, epochs, lr, f1, gain, best, regret) in zip(
        episode[1:], ROWS, strict=True
    ):
        found = [*(info[name] for name in NAMES), reward]
        assert found == pytest.approx([thr, epochs, lr, f1, best, regret, gain], abs=1e-9, rel=0)
        assert info["cost"] == pytest.approx(0.002 + 0.02 * epochs / 100, abs=1e-15)
        total_cost += info["cost"]
        assert info["total_cost"] == pytest.approx(total_cost, abs=1e-14)
        assert info["is_success"] is (regret <= 0.01)
    assert sum(reward for _, reward in episode[1:]) == pytest.approx(RETURN, abs=1e-9)
    assert [info["evaluations"] for info, _ in episode] == list(range(11))


_SCRIPT = """
import json, sys
sys.path.insert(0, {folder!r})
import test_golden
print(json.dumps([test_golden.play_scalar(), test_golden.play_vector()]))
"""


def test_golden_episode_without_simd(run_python):
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not features:
        pytest.skip("NumPy found no processor features that could be switched off")
    folder = __file__.rpartition("/")[0]
    plain = run_python(_SCRIPT.format(folder=folder), NPY_DISABLE_CPU_FEATURES=" ".join(features))
    scalar, vector = json.loads(plain)
    for (info, reward), (expected_info, expected_reward) in zip(
        [*scalar, *vector], [*play_scalar(), *play_vector()], strict=True
    ):
        # 1 - F1 / F1* cancels: the regret of 1.9e-8 has no twelve digits.
        expected = dict(expected_info)
        assert info.pop("regret") == pytest.approx(expected.pop("regret"), rel=0, abs=1e-12)
        assert info == pytest.approx(expected, rel=1e-12, abs=0)
        assert (reward or 0.0) == pytest.approx(expected_reward or 0.0, rel=1e-12, abs=1e-15)


def test_features_are_really_switched_off(run_python):
    """Negative control of the test above: the switched-off run computes other bits somewhere."""
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if "X86_V4" not in features and "AVX512_SKX" not in features:
        pytest.skip("the SIMD forms of exp and log10 need AVX512")
    script = "import numpy as np; x = np.linspace(-9, 9, 100001); print(np.exp(x).tobytes().hex())"
    assert run_python(script) != run_python(script, NPY_DISABLE_CPU_FEATURES=" ".join(features))


def test_return_of_the_best_policy_is_the_documented_one():
    # max(v - s, -c) - (T - 1) c with v the best of F1 - cost.
    model = hpo_gym.FictitiousModel()
    thr, lr = model.optimum().thr, model.optimum().lr
    gains = [model.evaluate(thr, n, lr).f1 - 0.002 - 0.0002 * n for n in range(1, 101)]
    assert int(np.argmax(gains)) + 1 == 80
    assert max(gains) == pytest.approx(0.751655542808, abs=1e-12)
