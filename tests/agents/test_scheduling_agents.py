"""Agents of scheduling environments: a sampler and a scheduler."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from simulated_workers import Workers

from agents.schedulers.registry import (
    SAMPLERS,
    SCHEDULERS,
    TRAINED,
    make_scheduler,
    make_scheduling_agent,
    names,
)
from hpo_gym.tuners.play import play

pytest.importorskip("optuna")
ENV = "hpo_gym:RecordedHPOSchedule-v0"


def vector(rows, **options):
    return gym.make_vec(ENV, rows, split="validation", **options)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("speeds", [None, (1.0, 0.5, 2.0, 1.0)])
def test_the_environment_does_what_workers_in_plain_python_do(scheduler, speeds):
    """The same decisions at the same times, from the scores that the environment showed."""
    envs = vector(1, task=3, speeds=speeds, budget=500)
    encoder = envs.unwrapped.process.encoder
    agent = make_scheduling_agent(f"random+{scheduler}", envs)
    scores, clock = {}, []
    for turn in play(agent, envs, seed=5):
        run, time = int(turn.infos["run"][0]), float(turn.infos["time"][0])
        seen = encoder.decode(turn.observations[0])
        if run >= 0:
            scores[run, len(seen.curves[run]) - 1] = seen.curves[run][-1]
        event = (time, run, int(turn.infos["epochs"][0]))
        clock += [event] if run >= 0 and (not clock or clock[-1] != event) else []
    workers = Workers(
        make_scheduler(scheduler, budget=500),
        lambda run, report: scores[run, report],
        reports=encoder.reports,
        budget=500,
        speeds=speeds or (1.0,) * 4,
    )
    grants = workers.run()
    ends = [(grant.end, grant.worker) for grant in grants]
    order = sorted(range(len(grants)), key=ends.__getitem__)
    made, wanted = dict.fromkeys(range(64), 0), []
    for grant in (grants[place] for place in order):
        made[grant.run] += 1
        wanted.append((grant.end, grant.run, encoder.reports[made[grant.run] - 1]))
    np.testing.assert_allclose(np.array(clock), np.array(wanted), rtol=1e-12)
    final = encoder.decode(turn.observations[0])
    assert [*map(tuple, final.curves)] == [*map(tuple, workers.curves)]
    assert final.epochs_left == workers.left


def test_every_sampler_goes_with_every_scheduler():
    assert len(set(names())) == 55
    schedulers = [*SCHEDULERS, *TRAINED]
    assert set(names()) == {f"{one}+{other}" for one in SAMPLERS for other in schedulers}


@pytest.mark.parametrize("scheduler", TRAINED)
def test_trained_schedulers_schedule(scheduler):
    envs = vector(1, task=7)
    *_, last = play(make_scheduling_agent(f"sobol+{scheduler}", envs), envs, seed=1)
    assert last.infos["granted"][0] > 700
    assert last.infos["runs"][0] > 20
    assert last.infos["regret"][0] < 0.2


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samplers_tune(sampler):
    """Whatever starts the runs, successive halving spends the budget and finds something."""
    envs = vector(1, task=7, budget=120)
    *_, last = play(make_scheduling_agent(f"{sampler}+sha", envs), envs, seed=1)
    assert last.infos["granted"][0] > 110
    assert last.infos["regret"][0] < 0.5


@pytest.mark.parametrize("name", ["random+asha", "sobol+sha", "tpe+median", "classifier+bandit"])
def test_what_a_row_does_depends_on_its_place_and_the_seed_alone(name):
    def points(rows, seed=0):
        envs = vector(rows, task=tuple(range(rows)), budget=120)
        encoder = envs.unwrapped.process.encoder
        found = []
        for turn in play(make_scheduling_agent(name, envs, seed=seed), envs, seed=1):
            if turn.running[0]:
                found.append(tuple(encoder.decode(turn.observations[0]).points))
        return found

    alone = points(1)
    assert alone == points(3)
    assert alone == points(1)
    assert name.startswith("classifier") or alone != points(1, seed=1)


def test_agents_with_the_same_sampler_and_no_memory_start_the_same_runs():
    """So that their schedulers can be compared pair by pair; the next episode has other runs."""
    started = []
    for scheduler in ("none", "asha"):
        envs = vector(1, task=0, budget=200)
        encoder = envs.unwrapped.process.encoder
        agent = make_scheduling_agent(f"random+{scheduler}", envs)
        state, episodes = None, []
        for seed in (1, 2):
            observations, _ = envs.reset(seed=seed)
            done = False
            while not done:
                actions, state = agent.predict(observations, state)
                observations, _, terminated, _, _ = envs.step(actions)
                done = bool(terminated[0])
            episodes.append(encoder.decode(observations[0]).points)
        started.append(episodes)
    (first, second), (other, _) = started
    assert len(other) > len(first) > 1
    assert first == other[: len(first)]
    assert not set(first) & set(second)


def test_one_row_is_answered_in_its_shape():
    env = gym.make(ENV)
    observation, _ = env.reset(seed=0)
    action, state = make_scheduling_agent("random+none", env).predict(observation)
    assert action.shape == env.action_space.shape and action.dtype == np.float32
    assert env.action_space.contains(action)
    assert len(state.keys) == 1


def test_errors_name_the_remedy():
    env = gym.make(ENV)
    with pytest.raises(ValueError, match=r"SAMPLER\+SCHEDULER, with a sampler of"):
        make_scheduling_agent("random", env)
    for options in ({"action": "choose"}, {"observation": "rungs"}):
        with pytest.raises(ValueError, match="with action='grant' and observation='curves'"):
            make_scheduling_agent("random+none", gym.make(ENV, **options))
    with pytest.raises(ValueError, match="such as RecordedHPOSchedule-v0"):
        make_scheduling_agent("random+none", gym.make("hpo_gym:RecordedHPO-v0"))
    agent = make_scheduling_agent("random+none", env)
    size = agent.encoder.size
    _, state = agent.predict(np.zeros((2, size), dtype=np.float32))
    with pytest.raises(ValueError, match="the state is of 2 rows, the observation of 3"):
        agent.predict(np.zeros((3, size), dtype=np.float32), state)
    with pytest.raises(ValueError, match="an observation of the shape"):
        agent.predict(np.zeros(3, dtype=np.float32))
