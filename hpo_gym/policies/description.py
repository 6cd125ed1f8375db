"""The description of a trained policy: what the json file beside its arrays must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT = 1

REQUIRED: Final = {
    "format": int,
    "algorithm": str,
    "kind": str,
    "activation": str,
    "layer_sizes": list,
    "interface": dict,
}
"""What a description must hold. ``layer_sizes`` runs from the observation, or the memory, to the
outputs; ``interface`` is what `Problem.interface` says of the environment of the
training; ``memory_size``, of policies with a memory only, is the number of the memory's units."""

KINDS: Final = ("gaussian", "deterministic", "categorical", "greedy")
"""gaussian: the outputs are means, clipped into [-1, 1] after sampling; deterministic: actions,
clipped likewise; categorical: logits of the actions; greedy: values of the actions, of which the
largest is always chosen."""


def check_description(description: Mapping[str, Any], activations: tuple[str, ...]) -> None:
    """Check that a description says all that is needed to run the policy.

    Args:
        description: The contents of the json file.
        activations: The known ones.

    Raises:
        ValueError: It does not.
    """
    for name, kind in REQUIRED.items():
        if not isinstance(description.get(name), kind):
            raise ValueError(
                f"the description's {name!r} must be of type {kind.__name__}, it is "
                f"{description.get(name)!r}"
            )
    if description["format"] != FORMAT:
        raise ValueError(
            f"the description has format {description['format']}, this version of hpo_gym reads "
            f"format {FORMAT}"
        )
    for name, known in (("kind", KINDS), ("activation", activations)):
        if description[name] not in known:
            raise ValueError(f"{name} = {description[name]!r} is unknown; known: {known}")
    sizes = description["layer_sizes"]
    if len(sizes) < 2 or any(type(size) is not int or size < 1 for size in sizes):
        raise ValueError(f"layer_sizes = {sizes} must be at least two whole numbers >= 1")
    memory, facts = description.get("memory_size"), description["interface"]
    if memory is not None and (type(memory) is not int or memory < 1):
        raise ValueError(f"memory_size = {memory!r} must be a whole number >= 1, or left out")
    clip = description.get("observation_clip", 1.0)
    if type(clip) not in (int, float) or not clip > 0:
        raise ValueError(f"observation_clip = {clip!r} must be a number above 0, or left out")
    if type(facts.get("observation_size")) is not int or facts["observation_size"] < 1:
        raise ValueError(
            f"the interface's observation_size = {facts.get('observation_size')!r} must be a whole "
            "number >= 1"
        )
    ends = [facts.get(name) for name in ("observation_size", "action_size")]
    if ends[1] != sizes[-1] or sizes[0] != (ends[0] if memory is None else memory):
        raise ValueError(
            f"layer_sizes = {sizes} do not fit the interface, which has observations and actions "
            f"of sizes {ends}"
        )
