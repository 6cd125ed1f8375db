"""Other people's libraries train on the environments and are given the true last observations."""

from __future__ import annotations

import numpy as np
import pytest
from true_episodes import BUDGET, LEFT, assert_true_ends, cut

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what these libraries say about themselves
]


def episodes_by_row(observations, actions, last, ends):
    """The whole episodes of arrays (T, N, ...)."""
    for row in range(ends.shape[1]):
        yield from cut(observations[:, row], actions[:, row], last[:, row], ends[:, row])


def assert_true_replay(buffer):
    """Stable-Baselines3's buffer of an off-policy algorithm."""
    columns = (buffer.observations, buffer.actions, buffer.next_observations, buffer.dones)
    assert_true_ends(episodes_by_row(*(column[: buffer.pos] for column in columns)))


def test_sb3(train):
    pytest.importorskip("stable_baselines3")
    assert_true_replay(train("train_sb3")["model"].replay_buffer)


def test_sb3_contrib(train):
    pytest.importorskip("sb3_contrib")
    assert_true_replay(train("train_sb3_contrib")["model"].replay_buffer)


def test_sbx(run_lines):
    sbx = pytest.importorskip("sbx")
    from jax.tree_util import tree_leaves

    model = run_lines("train_sbx")["model"]
    assert_true_replay(model.replay_buffer)
    fresh = sbx.SAC("MlpPolicy", model.env, seed=0)
    now, before = (
        [np.asarray(leaf) for leaf in tree_leaves(m.policy.actor_state.params)]
        for m in (model, fresh)
    )
    assert all(np.isfinite(leaf).all() for leaf in now)
    assert any(not np.array_equal(a, b) for a, b in zip(now, before, strict=True))


def test_skrl(train):
    pytest.importorskip("skrl")
    memory = train("train_skrl")["runner"].agent.memory
    observations, actions, ends = (
        memory.get_tensor_by_name(name).numpy()
        for name in ("observations", "actions", "terminated")
    )
    # In NextStep the last observation is that of one step more, whose action is not used.
    found = episodes_by_row(observations[:-1], actions[:-1], observations[1:], ends[:-1, :, 0])
    lengths, whole = set(), []
    for seen, taken, last in found:
        lengths.add(len(taken))
        if len(taken) == BUDGET + 1:
            whole.append((seen[1:], taken[1:], last))
    assert max(lengths) == BUDGET + 1
    assert_true_ends(whole)


def tensordict_episodes(steps):
    """Episodes in what TorchRL collects, a tensordict (N, T)."""
    keys = ("observation", "action", ("next", "observation"), ("next", "done"))
    *columns, ends = (steps.transpose(0, 1)[key].numpy() for key in keys)
    return episodes_by_row(*columns, ends[..., 0])


def test_torchrl(train):
    pytest.importorskip("torchrl")
    assert_true_ends(tensordict_episodes(train("train_torchrl")["batch"]))


def test_torchrl_takes_same_step_and_refuses_next_step():
    torchrl = pytest.importorskip("torchrl.envs")
    import gymnasium as gym

    env = torchrl.GymWrapper(gym.make_vec("hpo_gym:FictitiousHPO-v0", 2, autoreset_mode="SameStep"))
    steps = env.rollout(3 * BUDGET, break_when_any_done=False)
    assert_true_ends(tensordict_episodes(steps))
    with pytest.raises(RuntimeError, match="SAME_STEP or DISABLED"):
        torchrl.GymWrapper(gym.make_vec("hpo_gym:FictitiousHPO-v0", 2))


def test_tianshou(train):
    pytest.importorskip("tianshou")
    rows = train("train_tianshou")["buffer"].buffers
    for row in rows:
        columns = (row.obs, row.act, row.obs_next, row.done)
        assert_true_ends(cut(*(column[: len(row)] for column in columns)))


@pytest.fixture
def ray():
    found = pytest.importorskip("ray")
    pytest.importorskip("ray.rllib")
    yield found
    found.shutdown()


def sampled(algorithm):
    """Episodes as RLlib's learner gets them."""
    for episode in algorithm.env_runner.sample(num_episodes=12):
        seen = episode.get_observations()
        yield seen[:-1], episode.get_actions(), seen[-1]


def test_rllib_needs_next_step(train, ray):
    lines = train("train_rllib")
    assert_true_ends(sampled(lines["algorithm"]))
    # In SameStep it silently takes the next episode's first observation for the last one, and
    # that episode's second for the first.
    config = lines["config"].copy(copy_frozen=False)
    config.environment(env_config={"autoreset_mode": "SameStep"})
    wrong = list(sampled(config.build_algo()))
    assert all(last[LEFT] == 1 for _, _, last in wrong)
    assert {len(actions) for _, actions, _ in wrong} == {BUDGET, BUDGET - 1}


def test_cleanrl_way(train):
    observations, actions, _, last, ends = zip(*train("train_cleanrl_way")["steps"], strict=True)
    columns = (np.stack(column) for column in (observations, actions, last, ends))
    assert_true_ends(episodes_by_row(*columns))


def test_minari(run_lines, monkeypatch, tmp_path):
    pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = run_lines("record_minari")["dataset"]
    assert dataset.total_steps == 100
    assert_true_ends((e.observations[:-1], e.actions, e.observations[-1]) for e in dataset)
    again = dataset.recover_environment()
    for episode in dataset:
        observation, _ = again.reset(seed=int(episode.id))
        np.testing.assert_array_equal(observation, episode.observations[0])
        for t, action in enumerate(episode.actions):
            observation, reward, *_ = again.step(action)
            np.testing.assert_array_equal(observation, episode.observations[t + 1])
            assert reward == episode.rewards[t]
