"""Tuners for the environments of `hpo_gym`, all with Stable-Baselines3's `predict`.

Importing the package registers them; `agents.registry` is the list.
"""

from __future__ import annotations

from hpo_gym.tuners.registry import make_agent

from . import registry

__all__ = ["make_agent", "registry"]
