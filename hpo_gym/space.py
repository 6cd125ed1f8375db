"""Search spaces: the unit cube on one side, configurations on the other.

A tuner acts in *unit* coordinates, each in [-1, 1]: one for a number, k for a choice among k. They
are mapped to *scaled* values, one column per parameter, which is what the equations of families
use (log10 of a learning rate, whole epochs, the index of a choice), and from there to the *natural*
values that a user reads. `hpo_gym.parameters` has the kinds of parameters and their formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from inspect import signature
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from hpo_gym.arrays import Column, Columns, Floats, Namespace
from hpo_gym.parameters import Categorical, Float, FloatArray, Integer, Parameter

MOST_PARAMETERS = 20

_Map: TypeAlias = Callable[[Column, Namespace], Column]
_Line: TypeAlias = tuple[float, float, _Map | None]
"""Start and half length of a number's line, and what rounds its points, if anything does."""

_KINDS: Mapping[str, type[Parameter]] = {
    kind.__name__.lower(): kind for kind in (Float, Integer, Categorical)
}


def _described(entry: Any) -> tuple[str, Parameter]:
    """Name and parameter of an entry of a description."""
    fields = dict(entry) if isinstance(entry, Mapping) else {}
    name, kind = fields.pop("name", None), fields.pop("kind", None)
    if not isinstance(name, str) or not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"{entry!r} must have a 'name', a string, and a 'kind' of {[*_KINDS]}")
    try:
        return name, _KINDS[kind](**fields)
    except ValueError as error:
        raise ValueError(f"parameter {name!r}: {error}") from error
    except TypeError as error:
        known = f"is described by {[*signature(_KINDS[kind]).parameters]}, not by {[*fields]}"
        raise ValueError(f"parameter {name!r}: a {kind} {known}") from error


class SearchSpace:
    """An ordered set of parameters.

    Args:
        parameters: 1 to 20 parameters by their names.

    Attributes:
        parameters: The same, not to be changed.
        names: Names of the parameters, in order.
        slices: For each name, which unit coordinates belong to the parameter.
        dimension: Number of unit coordinates.

    Raises:
        ValueError: There are too many parameters or none, or one has no name.

    Example:
        >>> space = SearchSpace({
        ...     "dropout": Float(0.0, 0.5),
        ...     "layers": Integer(1, 8),
        ...     "optimizer": Categorical(["adam", "sgd"]),
        ... })
        >>> space.dimension, space.slices["optimizer"]
        (4, slice(2, 4, None))
        >>> space.configuration([1.0, 0.0, -0.5, 0.5])
        {'dropout': 0.5, 'layers': 5, 'optimizer': 'sgd'}
        >>> space.unit({"dropout": 0.25, "layers": 1, "optimizer": "adam"})
        (0.0, -0.875, 1.0, -1.0)
    """

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        if not isinstance(parameters, Mapping):
            raise ValueError(
                f"a search space is made of a dict from names to parameters, not of {parameters!r}"
            )
        for name, parameter in parameters.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"the name {name!r} of a parameter must be a non-empty string")
            if not isinstance(parameter, Parameter):
                raise ValueError(
                    f"parameter {name!r} = {parameter!r} must be a Float, Integer or Categorical"
                )
        if not 1 <= len(parameters) <= MOST_PARAMETERS:
            raise ValueError(
                f"a search space has 1 to {MOST_PARAMETERS} parameters, got {len(parameters)}"
            )
        self.parameters = dict(parameters)
        self.names = tuple(parameters)
        self.slices: dict[str, slice] = {}
        self.dimension = 0
        for name, parameter in parameters.items():
            start, self.dimension = self.dimension, self.dimension + parameter.coordinates
            self.slices[name] = slice(start, self.dimension)
        self._has_choices = self.dimension > len(parameters)

    @classmethod
    def from_description(cls, description: Sequence[Mapping[str, Any]]) -> SearchSpace:
        """The search space with this description, also after a round trip through JSON.

        Raises:
            ValueError: An entry describes no parameter, or a name occurs twice.
        """
        if not isinstance(description, (list, tuple)):
            raise ValueError(f"a search space is described by a list of dicts, not {description!r}")
        described = [_described(entry) for entry in description]
        names = [name for name, _ in described]
        if len(set(names)) < len(names):
            raise ValueError(f"every parameter must have a name of its own, got {names}")
        return cls(dict(described))

    def describe(self) -> list[dict[str, Any]]:
        """JSON-able description, as a round trip leaves it: no tuples; see `from_description`."""
        described = []
        for name, parameter in self.parameters.items():
            facts = {"name": name, "kind": type(parameter).__name__.lower(), **asdict(parameter)}
            described.append({k: list(v) if isinstance(v, tuple) else v for k, v in facts.items()})
        return described

    def __repr__(self) -> str:
        return f"SearchSpace({self.parameters!r})"

    def __eq__(self, other: object) -> bool:
        # The order counts, unlike that of dictionaries.
        return isinstance(other, SearchSpace) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    @cached_property
    def _items(self) -> tuple[tuple[str, Parameter], ...]:
        return tuple(self.parameters.items())

    @cached_property
    def _logs(self) -> list[tuple[int, _Map]]:
        """How parameters on a log axis become natural, and their places among the parameters."""
        return [
            (i, p.natural)
            for i, p in enumerate(self.parameters.values())
            if not isinstance(p, Categorical) and p.log
        ]

    @cached_property
    def _numbers(self) -> list[tuple[int, Float | Integer]]:
        """Numbers, and their places among the unit coordinates."""
        return [
            (self.slices[name].start, parameter)
            for name, parameter in self.parameters.items()
            if not isinstance(parameter, Categorical)
        ]

    @cached_property
    def _lines(self) -> tuple[list[_Line], list[_Line]]:
        """Every number's line, then the relaxed ones."""
        numbers = [number for _, number in self._numbers]
        bounds = [number.scaled_bounds for number in numbers]
        return (
            [
                (p.line[0], 0.5 * p.line[1], p.rounded if isinstance(p, Integer) else None)
                for p in numbers
            ],
            [(low, 0.5 * (high - low), None) for low, high in bounds],
        )

    @cached_property
    def _blocks(self) -> list[tuple[Any, Any, list[tuple[int, _Map]]]]:
        """`_lines` for blocks: starts and half lengths (numbers, 1), which rows are rounded how."""
        return [
            (
                np.array([start for start, *_ in lines]).reshape(-1, 1),
                np.array([half for _, half, _ in lines]).reshape(-1, 1),
                [(i, rounded) for i, (*_, rounded) in enumerate(lines) if rounded is not None],
            )
            for lines in self._lines
        ]

    def scaled(self, unit: Columns, xp: Namespace, *, relaxed: bool = False) -> Columns:
        """Scaled configuration of a unit configuration in [-1, 1].

        Args:
            unit: `dimension` columns, or a block (dimension, N).
            xp: Array namespace.
            relaxed: Do not round integers, so that gradients pass: straight from bound to bound.

        Returns:
            One column per parameter; a block if a block was given.

        Raises:
            ValueError: There are not `dimension` columns.
        """
        if len(unit) != self.dimension:
            raise ValueError(
                f"{len(unit)} unit coordinates are not {self.dimension}, those of {[*self.names]}"
            )
        numbers: Any = unit
        if self._has_choices:
            places = [place for place, _ in self._numbers]
            numbers = unit[places] if isinstance(unit, np.ndarray) else [unit[i] for i in places]
        columns: Any
        if isinstance(numbers, np.ndarray):  # all rows of a block in one pass
            starts, halves, rounding = self._blocks[relaxed]
            columns = numbers + 1.0
            columns *= halves
            columns += starts
            for i, rounded in rounding:
                columns[i] = rounded(columns[i], xp)
        else:
            columns = tuple(
                [
                    start + half * (numbers[i] + 1.0)
                    if rounded is None
                    else rounded(start + half * (numbers[i] + 1.0), xp)
                    for i, (start, half, rounded) in enumerate(self._lines[relaxed])
                ]
            )
        return self._with_choices(columns, unit, xp) if self._has_choices else columns

    def _with_choices(self, numbers: Columns, unit: Columns, xp: Namespace) -> Columns:
        """Scaled numbers with the choices between them, in the order of the parameters."""
        rest = iter(numbers)
        return xp.group(
            [
                parameter.chosen(unit[self.slices[name]], xp)
                if isinstance(parameter, Categorical)
                else next(rest)
                for name, parameter in self.parameters.items()
            ]
        )

    def position(self, scaled: Columns) -> Columns:
        """Unit configuration of a scaled one, `dimension` columns: `scaled` gives it back."""
        pairs = zip(self.parameters.values(), scaled, strict=True)
        return tuple(chain.from_iterable([p.position(column) for p, column in pairs]))

    def natural(self, scaled: Columns, xp: Namespace) -> Columns:
        """Natural configuration of a scaled one, a choice as its index.

        A bound of a log axis may be off by its last bit.
        """
        natural = list(scaled)
        for i, of_scaled in self._logs:
            natural[i] = of_scaled(natural[i], xp)
        return tuple(natural)

    def configuration(self, unit: Sequence[float] | FloatArray) -> dict[str, Any]:
        """What a unit configuration evaluates: Python values by name, inside all bounds.

        Raises:
            ValueError: It is not made of `dimension` finite numbers.
        """
        xp, coordinates = Floats(), tuple(map(float, unit))
        if len(coordinates) != self.dimension or xp.nonfinite(coordinates):
            raise ValueError(
                f"unit = {coordinates} must be {self.dimension} numbers in [-1, 1], those of "
                f"{list(self.names)} in order"
            )
        numbers = self.natural(self.scaled(coordinates, xp), xp)
        pairs = zip(self.parameters.items(), numbers, strict=True)
        return {name: parameter.value(number) for (name, parameter), number in pairs}

    def unit(self, configuration: Mapping[str, Any] | Sequence[Any]) -> tuple[float, ...]:
        """Unit configuration of a natural one.

        `configuration` gives it back: integers and choices exactly, floats up to rounding.

        Args:
            configuration: A mapping from every parameter's name to its value, or the values in
                order.

        Raises:
            ValueError: A parameter is missing, unknown or outside its bounds.
        """
        if isinstance(configuration, Mapping):
            unknown = sorted(set(map(str, configuration)) - set(self.names))
            missing = [name for name in self.names if name not in configuration]
            if unknown or missing:
                raise ValueError(
                    f"a configuration needs exactly the keys {list(self.names)}; "
                    f"unknown: {unknown}, missing: {missing}"
                )
            values = [configuration[name] for name in self.names]
        elif isinstance(configuration, (list, tuple, np.ndarray)):
            values = list(configuration)
        else:
            raise ValueError(f"a configuration is a dict or a list, not {configuration!r}")
        if len(values) != len(self.names):
            raise ValueError(
                f"a configuration needs {len(self.names)} values {list(self.names)}, "
                f"got {len(values)}"
            )
        pairs = zip(self.parameters.items(), values, strict=True)
        return tuple(chain.from_iterable([p.unit(name, value) for (name, p), value in pairs]))
