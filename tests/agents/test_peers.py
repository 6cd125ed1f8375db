"""Ax and SMAC3 as agents, where they are installed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

import hpo_gym
from agents import make_agent
from agents.searches.peer_agent import PeerAgent
from agents.searches.peers import LIBRARIES
from hpo_gym import SearchSpace
from hpo_gym.testing import check_agent
from hpo_gym.tuners import build_agent

PEERS = [*LIBRARIES]
make_env = partial(hpo_gym.TuningEnv, max_evaluations=5, noise=0.05)


@pytest.mark.parametrize("name", PEERS)
def test_contract(name: str) -> None:
    pytest.importorskip(name)
    env = partial(make_env, start="none")
    check_agent(lambda: make_agent(name, env(), seed=3), env, rows=1, steps=6, stochastic=True)


class ByHand:
    """In the place of a library: what it asks for is given, and what it is told is noted."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self.space, self.asked, self.told = space, 0, []
        noted.append(self)

    def ask(self) -> dict[str, Any]:
        self.asked += 1
        return {"thr": 0.1 * self.asked, "epochs": 10 * self.asked, "lr": 0.1**self.asked}

    def tell(self, configuration: Mapping[str, Any], score: float) -> None:
        self.told.append((dict(configuration), score))


noted: list[Any] = []


@pytest.mark.parametrize("start", ["none", "random"])
def test_a_library_is_told_what_it_asked_for(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIBRARIES, "ax", ByHand)
    noted.clear()
    env = make_env(max_evaluations=3, start=start)
    agent, state, over = build_agent(PeerAgent, env, library="ax"), None, False
    seen, info = env.reset(seed=5)
    infos = [info] if start == "random" else []
    while not over:
        action, state = agent.predict(seen, state)
        seen, _, over, _, info = env.step(action)
        infos.append(info)
    _, peer = noted  # the first one showed that the library is there
    assert peer.asked == 3
    assert [score for _, score in peer.told] == pytest.approx([i["f1"] for i in infos[:-1]])
    told = [configuration for configuration, _ in peer.told]
    if start == "random":  # that of the observation
        assert told.pop(0) == pytest.approx({key: infos[0][key] for key in told[-1]}, rel=1e-5)
    assert told == [{"thr": 0.1 * i, "epochs": 10 * i, "lr": 0.1**i} for i in (1, 2)]


@pytest.mark.parametrize(("name", "package"), [("ax", "ax"), ("smac", "smac")])
def test_without_a_library_the_extra_is_named(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [m for m in sys.modules if m.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"needs .*: pip install 'hpo-gym\[peers\]'"):
        make_agent(name, make_env())


def test_an_unknown_library_is_named() -> None:
    with pytest.raises(ValueError, match=r"library = 'hebo' must be one of \['ax', 'smac'\]"):
        build_agent(PeerAgent, make_env(), library="hebo")
