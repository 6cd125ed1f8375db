"""`AnySpacePolicy`: a trained tuner for any search space, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.parameters import Categorical, Integer
from hpo_gym.policies.archive import load_pair, refusing, save_pair
from hpo_gym.space import SearchSpace

from . import features, network, surrogate
from .scores import standardised

FORMAT: Final = 1
ALGORITHM: Final = "anyspace"
LARGEST: Final = 1e4
"""What no weight may exceed."""

_REMEMBERED = 1024

Extend: TypeAlias = Callable[
    [Any, features.Query, Any, features.Gathered], tuple[Any, features.Query]
]
"""Adds to the tokens and the query, given the scores (n, t), 0 where they are not known, and what
is known: what a policy reads that knows more than any space has."""


class AnySpacePolicy:
    """Proposes the next configuration of any search space, from the evaluations so far.

    Args:
        arrays: By name, float32, of the shapes that `network.shapes` states.
        description: "format" 1, "algorithm" "anyspace", "hand_over", the number of evaluations
            after which the surrogate model takes over; whatever else it holds is for information.

    Attributes:
        arrays: The arrays.
        description: The description.
        algorithm: The description's "algorithm".
        folder: Where the policies are that come with the package.
        default_seed: Seed of the training of the one that is used by default.

    Raises:
        ValueError: The description is of another policy; an array is missing, unknown, or of
            another shape or type, or holds NaN or numbers above 1e4.
    """

    algorithm: ClassVar[str] = ALGORITHM
    folder: ClassVar[Path] = Path(__file__).parent / "pretrained"
    default_seed: ClassVar[int] = 0

    def __init__(self, arrays: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> None:
        self.arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self.description = dict(description)
        for name, expected in (("format", FORMAT), ("algorithm", self.algorithm)):
            if self.description.get(name) != expected:
                raise ValueError(
                    f"the description's {name!r} is {self.description.get(name)!r}; that of a "
                    f"{type(self).__name__} is {expected!r}"
                )
        hand_over = self.description.get("hand_over")
        if type(hand_over) is not int or hand_over < 1:
            raise ValueError(f"hand_over = {hand_over!r} must be a whole number >= 1")
        self._hand_over: int = hand_over
        _check(self.arrays, self.shapes())
        # The surrogate follows the evaluations one by one: what it was is remembered, and computed
        # again where it is not. It is a function of the evaluations alone.
        self._models: dict[bytes, surrogate.Model] = {}

    @classmethod
    def shapes(cls) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays by name."""
        return network.shapes()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a pair of files.

        Args:
            path: Either file of the pair, or their common stem.

        Raises:
            FileNotFoundError: One of the two files does not exist.
            ValueError: A file is corrupt or too large, or the two do not belong together.
        """
        arrays, description = load_pair(path)
        with refusing(f"policy {path}"):
            return cls(arrays, description)

    @classmethod
    def pretrained(cls, seed: int | None = None) -> Self:
        """A policy that comes with the package.

        Args:
            seed: Of its training; None for the default.

        Raises:
            ValueError: There is none of this seed.
        """
        return cls.load(cls.pretrained_path(seed))

    @classmethod
    def pretrained_path(cls, seed: int | None = None) -> Path:
        """The npz file of a policy that comes with the package; see `pretrained`."""
        seed = cls.default_seed if seed is None else seed
        seeds = sorted(int(file.stem) for file in cls.folder.glob("*.npz"))
        if isinstance(seed, bool) or seed not in seeds:
            raise ValueError(
                f"there is no {cls.algorithm} policy of training seed {seed!r}: choose from {seeds}"
            )
        return cls.folder / f"{seed}.npz"

    def save(self, path: str | Path) -> Path:
        """Write the pair of files, each atomically, and return the path of the npz file."""
        return save_pair(path, self.arrays, self.description)

    def propose(
        self,
        space: SearchSpace,
        unit: NDArray[np.float64],
        scores: NDArray[np.float64],
        filler: NDArray[np.float64],
        *,
        budget: int,
    ) -> NDArray[np.float64]:
        """The next unit configuration.

        Args:
            space: The search space, of D unit coordinates.
            unit: (n, D) all evaluations so far in their order, in [-1, 1], as they were evaluated:
                integers in their cells, choices as 1 and -1.
            scores: (n,) higher is better, of any scale; NaN while running, -inf if failed.
            filler: (D,) a point that fills a gap of the space, in [-1, 1].
            budget: Number of evaluations that are planned in all; beyond it, the last is planned
                again and again.

        Returns:
            (D,) in [-1, 1].
        """
        history, gap = (0.5 * (np.asarray(each, dtype=np.float64) + 1.0) for each in (unit, filler))
        told = np.asarray(scores, dtype=np.float64)
        return 2.0 * self._point(space, history, told, gap, budget) - 1.0

    def _point(
        self,
        space: SearchSpace,
        history: NDArray[np.float64],
        scores: NDArray[np.float64],
        filler: NDArray[np.float64],
        budget: int,
        extend: Extend | None = None,
    ) -> NDArray[np.float64]:
        """As `propose`, with points in [0, 1]."""
        coordinates, kinds = _coordinates(space)
        points, told, gap = history[None], scores[None], filler[None]
        budget = max(budget, told.shape[1] + 1)
        small, small_gap = points.astype(np.float32), gap.astype(np.float32)
        if not told.size:
            query = features.queries(small, None, small_gap, kinds, budget, np)
            tokens = None
        else:
            done, standard = ~np.isnan(told[0]), standardised(told)
            model = self._model(points[:, done], told[:, done], standard[0][:, done])
            gathered = features.gathered(model, points, told, standard, gap, coordinates)
            if told.size >= self._hand_over and gathered.told.any():
                return np.asarray(gathered.guesses.points[0, 0])
            with np.errstate(over="ignore"):  # of the deviation, which only a training reads
                seen = _float32(gathered)
            tokens = features.tokens(small, seen.values, seen, small_gap, kinds, np)
            query = features.queries(small, seen, small_gap, kinds, budget, np)
            if extend is not None:
                known = np.where(gathered.told, told, 0.0).astype(np.float32)
                tokens, query = extend(tokens, query, known, seen)
        raw = network.proposal(self.arrays, tokens, query, kinds.together, np)
        return np.asarray(np.clip(raw[0].astype(np.float64), 0.0, 1.0))

    def _model(
        self,
        points: NDArray[np.float64],
        scores: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> surrogate.Model:
        """The surrogate after these evaluations, all of them told, whose last values are given."""
        count = scores.shape[1]
        known, model = count, None
        while known and (model := self._models.get(_key(points, scores, known))) is None:
            known -= 1
        if model is None:
            model = surrogate.prior(1, points.shape[2])
        for last in range(known + 1, count + 1):
            if last < count:
                seen = standardised(scores[:, :last])[0]
            else:
                seen = values
            model = surrogate.fitted(model, points[:, :last], seen)
            self._models[_key(points, scores, last)] = model
        if len(self._models) > _REMEMBERED:  # other threads may have cleared it already
            self._models.clear()
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be computed again."""
        return {**vars(self), "_models": {}}


@lru_cache(maxsize=64)
def _coordinates(space: SearchSpace) -> tuple[features.Coordinates, features.Coordinates]:
    """The coordinates of a space, in double and in single precision."""
    coordinates = coordinates_of(space)
    return coordinates, _float32(coordinates)


def coordinates_of(space: SearchSpace) -> features.Coordinates:
    """What the unit coordinates of a space are."""
    cells, group = np.zeros((1, space.dimension)), np.zeros((1, space.dimension), dtype=np.int64)
    for number, (name, parameter) in enumerate(space.parameters.items(), start=1):
        if isinstance(parameter, Categorical):
            group[:, space.slices[name]] = number
        elif isinstance(parameter, Integer) and not parameter.log:  # cells of equal width
            cells[:, space.slices[name]] = parameter.high - parameter.low + 1
    return features.coordinates(cells, group)


def _key(points: NDArray[np.float64], scores: NDArray[np.float64], count: int) -> bytes:
    """What names the first evaluations."""
    return points[:, :count].tobytes() + scores[:, :count].tobytes()


def _float32(record: Any) -> Any:
    """A record of arrays with its floats as the network reads them."""
    return type(record)(
        *[
            _float32(part)
            if isinstance(part, tuple)
            else part.astype(np.float32)
            if part.dtype == np.float64
            else part
            for part in record
        ]
    )


def _check(weights: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError unless the weights have these shapes."""
    unknown, missing = sorted(set(weights) - set(shapes)), sorted(set(shapes) - set(weights))
    if unknown or missing:
        raise ValueError(f"the arrays {missing} are missing, {unknown} are not known")
    for name, shape in shapes.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            raise ValueError(
                f"the array {name!r} must be {shape} float32, it is {array.shape} {array.dtype}"
            )
        largest = float(np.abs(array).max())
        if not largest <= LARGEST:  # also where it is NaN
            raise ValueError(f"the array {name!r} holds {largest}: at most {LARGEST:g} is read")
