"""The conformance check of what a family states about itself, before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hpo_gym.families import Family, TaskBank, make_family
from hpo_gym.families.base import REGISTERED
from hpo_gym.families.names import check_names
from hpo_gym.parameters import Categorical
from hpo_gym.space import SearchSpace
from hpo_gym.testing.rollouts import kept

_KINDS = {"name": str, "space": SearchSpace, "metrics": tuple, "goals": Mapping, "sizes": Mapping}


def check_attributes(family: Family) -> None:
    """Check name, space, metrics, goals, resource parameter and sizes."""
    for name, kind in _KINDS.items():
        value = getattr(family, name, None)
        assert isinstance(value, kind), (
            f"{name} = {value!r} must be a {kind.__name__}: set it in the class"
        )
    assert family.metrics, "a family needs at least one metric"
    assert family.goals, "a family needs at least one metric with a goal"
    for metric, goal in family.goals.items():
        assert metric in family.metrics, f"the goal of {metric!r} belongs to no metric"
        assert goal in ("maximise", "minimise"), f"the goal of {metric!r} is {goal!r}"
    with kept("parameters and metrics need names of their own"):
        check_names(family)
    resource = family.resource_parameter
    numbers = [n for n, p in family.space.parameters.items() if not isinstance(p, Categorical)]
    assert resource is None or resource in numbers, (
        f"resource_parameter = {resource!r} is not one of the parameters that are numbers, "
        f"{numbers}: name one of them, or None"
    )
    for split, size in family.sizes.items():
        assert isinstance(size, int) and size >= 1, f"split {split!r} has the size {size!r}"
        assert size == 1 or isinstance(family, TaskBank), f"{size} tasks, but it is not a TaskBank"


def check_description(family: Family) -> None:
    """Check that `describe` gives JSON from which an equal family is built."""
    with kept("describe() must give JSON from which make_family builds the family again"):
        description = family.describe()
        text = json.dumps(description)
        again = make_family(json.loads(text))
    assert type(again) is type(family), f"describe() {text} makes a {type(again)}"
    assert again.describe() == description, f"describe() {text} makes {again.describe()}"
    short = REGISTERED.get(family.name) is type(family)
    assert not short or description["name"] == family.name, f"describe() {text} has another name"
    assert description["version"] == family.version, f"describe() {text} has another version"
