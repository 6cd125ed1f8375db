"""A tuner close to Bayes' rule: training tasks, weighted by how well they explain what was seen.

Its *particles* are the first 16,384 training tasks. Before each proposal it

1. weighs them by the likelihood of all observations of the episode, to a power of at most 1 that
   leaves an effective sample of 20 or more: no particle is the task itself, so that untempered
   weights would soon rest on one of them;
2. corrects the scores of the 128 heaviest. Each is the prior mean of a Gaussian process (kriging)
   whose kernel is the same for all and which interpolates what the particle left unexplained, but
   for its noise: so what was seen where is believed, and the best particle is improved upon;
3. simulates an observation y(x) of each particle at candidates x, and proposes the one with the
   largest expected improvement of what counts, the noise-free score f of the incumbent, which is
   chosen by the observed score:

       sum over particles of weight (f(x) - f(incumbent)) [y(x) > observed score of the incumbent]

   The candidates are the optima of the heaviest particles, the static portfolio, and points around
   the best of these, ever nearer.

The likelihood assumes the tasks' own noise, also where the environment's option ``noise`` replaces
it; the simulated observations have that of the environment. Before anything is known, the best
static configuration is proposed. Sources: importance sampling and tempering as in Del Moral, Doucet
and Jasra, "Sequential Monte Carlo samplers" (2006); expected improvement as in Mockus (1975).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Columns
from hpo_gym.families import Family, HashedBank
from hpo_gym.tuners.agent import Agent, FloatArray, IntArray
from hpo_gym.tuning.problem import Problem

from .belief import HEAVIEST, XP, Belief, Seen, columns_of, tempered
from .portfolio import known_family, read_portfolio

PARTICLES = 16_384
TOLERANCE = 0.05
"""Added to the noise of tasks that have one of their own: how near to a task the particles are."""
OPTIMA = 48
"""Number of particles whose optima are candidates."""
AROUND = 48
"""Points around the best candidate, in each of two rounds."""
SPREADS = (0.1, 0.03)
"""Standard deviations of these points, in unit coordinates."""


class Weights(NamedTuple):
    """The state of N rows."""

    log_weight: FloatArray
    """(N, particles) log-likelihood of what was observed."""
    told: IntArray
    """(N,) number of observations that are counted in."""


class ParticleAgent(Agent):
    """Proposes what the training tasks that explain the observations expect to improve the most.

    It needs the history in the observation. It is deterministic once it is built.

    Args:
        problem: See `Agent`.
        family: The family, from whose training tasks it learns, or its name; that of the
            environment, or another one that explains it.
        seed: Seed of the noise that it simulates and of the points around candidates.
        particles: Number of training tasks.

    Raises:
        ValueError: The family has no training tasks to learn from, there is no portfolio for it,
            or the observation has no history.
    """

    name = "particle"
    modes = ("propose",)

    def __init__(
        self, problem: Problem, *, family: Family | str, seed: int = 0, particles: int = PARTICLES
    ) -> None:
        super().__init__(problem, seed=seed)
        family = known_family(family, problem)
        if not isinstance(family, HashedBank):
            raise ValueError(
                f"agent 'particle' learns from training tasks, of which the family "
                f"{family.name!r} has {family.sizes['train']}; 'fictitious', 'binormal' and "
                "'rough' have enough: family='rough' takes those of another one"
            )
        if self.encoder.rows == 0:
            raise ValueError("agent 'particle' needs observation='history', not 'summary'")
        if not HEAVIEST <= particles <= family.sizes["train"]:
            raise ValueError(
                f"particles = {particles!r} must be a whole number in "
                f"[{HEAVIEST}, {family.sizes['train']}]"
            )
        self._family = family
        self._parameters = family.bank("train").take(slice(particles))
        optima, _ = family.best("train", np.arange(particles), problem.metric)
        self._optima = np.stack(problem.space.position(tuple(optima)), axis=1)
        self._portfolio = read_portfolio(family, problem.metric)
        dimension = self.mode.dimension
        self._around = self.random.standard_normal((AROUND, dimension))
        self._draws = uniforms_of(self.random.standard_normal((family.draws, HEAVIEST)))

    def act(
        self, observations: NDArray[Any], state: Weights | None, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], Weights]:
        """Weigh the particles by what is new, and propose."""
        particles = len(self._optima)
        if state is None:
            rows = len(observations)
            state = Weights(np.zeros((rows, particles)), np.zeros(rows, dtype=np.int64))
        log_weight, told = state.log_weight.copy(), state.told.copy()
        log_weight[starts], told[starts] = 0.0, 0
        proposals = np.tile(self._portfolio[0], (len(observations), 1))
        left = self.encoder.evaluations(observations) < self.encoder.max_evaluations
        for row in np.flatnonzero(left).tolist():
            seen = self._read(observations[row])
            for i in range(told[row], len(seen.score)):
                log_weight[row] += self._log_likelihood(seen, i)
            told[row] = len(seen.score)
            if told[row]:
                proposals[row] = self._propose(seen, log_weight[row])
        return self.box(proposals), Weights(log_weight, told)

    def _read(self, observation: NDArray[Any]) -> Seen:
        """What an observation tells."""
        parts = self.encoder.decode(observation)
        filled = parts.history_filled > 0.0
        features = parts.history_features[filled]
        units = parts.history_unit[filled].astype(np.float64)
        return Seen(units, np.stack(self.encoder.metrics(features)), self.encoder.score(features))

    def _log_likelihood(self, seen: Seen, index: int) -> FloatArray:
        """Of one observation, under every particle."""
        parameters = self._parameters
        if hasattr(parameters, "noise"):
            parameters = parameters.replace(noise=np.hypot(parameters.noise, TOLERANCE))
        columns = columns_of(
            self.problem.space, seen.unit[index : index + 1], self._optima.shape[:1]
        )
        observed = tuple(seen.metrics[:, index].tolist())
        return np.asarray(self._family.log_likelihood(parameters, columns, observed, XP))

    def _propose(self, seen: Seen, log_weight: FloatArray) -> FloatArray:
        """The unit configuration, (d,), that is expected to improve the most."""
        heaviest, weights = tempered(log_weight)
        tasks = self._parameters.take(heaviest)
        belief = Belief(self.problem, self._family, tasks, weights, self._draws, seen)
        candidates = np.concatenate([self._optima[heaviest[:OPTIMA]], self._portfolio])
        return climb(belief.improvement, candidates, self._around)


def uniforms_of(normals: FloatArray) -> Columns:
    """The uniforms of which `rng.normals_from` makes these normals, but for the last bits.

    Args:
        normals: (2k, n).
    """
    first, second = normals[::2], normals[1::2]
    radius = np.hypot(first, second)
    uniforms = np.empty_like(normals)
    uniforms[::2] = -np.expm1(-0.5 * radius * radius)
    uniforms[1::2] = np.arctan2(second, first) / (2.0 * np.pi) % 1.0
    return tuple(uniforms)


def climb(
    value: Callable[[FloatArray], FloatArray], candidates: FloatArray, around: FloatArray
) -> FloatArray:
    """The best of some candidates, or of points around it, ever nearer.

    Args:
        value: Function of units (c, d) with values (c,).
        candidates: (n, d) unit configurations.
        around: (m, d) steps of unit size.
    """
    values = value(candidates)
    best, highest = candidates[np.argmax(values)], values.max()
    for spread in SPREADS:
        near = np.clip(best + spread * around, -1.0, 1.0)
        values = value(near)
        if values.max() > highest:
            best, highest = near[np.argmax(values)], values.max()
    return np.asarray(best)
