"""Tuners: what they share, how they are asked and told, the one loop that plays."""

from hpo_gym.tuners.agent import Agent, build_agent
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuners.play import Turn, play
from hpo_gym.tuners.policy_tuner import PolicyTuner, policy_tuner
from hpo_gym.tuners.tuner import Tuner

__all__ = [
    "Agent",
    "PolicyTuner",
    "Search",
    "SearchAgent",
    "Tuner",
    "Turn",
    "build_agent",
    "play",
    "policy_tuner",
]
