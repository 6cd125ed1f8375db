"""Identities of tuners as text, and what tells two of them apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def canonical(facts: Mapping[str, Any]) -> str:
    """Facts as JSON, equal facts as equal text."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def differences(before: str, now: str) -> list[str] | None:
    """What changed between two identities of one name: files, "settings" or "version".

    None, if these are different tuners: their factories have different names.

    Args:
        before: An `AgentEntry.identity`.
        now: Another one.
    """
    old, new = json.loads(before), json.loads(now)
    sources = [facts.get("source", {}) for facts in (old, new)]
    if sources[0].keys() != sources[1].keys():
        return None
    names = [name.rpartition(":")[0] for name in _unequal(*sources)]
    names += _unequal(*(facts.get("files", {}) for facts in (old, new)))
    return names + [name for name in _unequal(old, new) if name in ("settings", "version")]


def _unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]
