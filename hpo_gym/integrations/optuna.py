"""The learned tuner as an Optuna sampler.

    study = optuna.create_study(sampler=LearnedSampler(budget=32))
    study.optimize(objective, n_trials=32)

Nothing has to be declared. Parameters are proposed jointly when the first of them is asked for: all
those that came with it in every trial so far. So objectives may define their parameters as they
run, and ask for some under conditions only. A proposal is a function of the study's trials, the
number of the trial and the seed; the sampler itself remembers nothing. A study that was interrupted
goes on as if nothing had happened.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

from hpo_gym import rng
from hpo_gym.policies.classifier.policy import ClassifierPolicy, check_goal
from hpo_gym.tuners.proposer import PATIENCE, PointPolicy, Proposer, find_policy, whole_number

try:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler, TPESampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

    from hpo_gym.integrations.optuna_history import Group, History, company_of
except ImportError as error:
    raise ImportError(
        "hpo_gym.integrations.optuna needs optuna: pip install 'hpo-gym[optuna]'"
    ) from error

_STARTUP = 10
"""Random trials with which Optuna's samplers begin; those that were learned take their place."""

_Draft: TypeAlias = dict[str, tuple[BaseDistribution, Any]]
"""What was proposed for a trial: by name, the distribution and a value of it."""


class LearnedSampler(BaseSampler):
    """Samples what a learned tuner proposes; for studies with one objective.

    It may be shared by threads, pickled, and used by several processes on one study: trials that
    are running are part of what it knows. Those that failed or were pruned are, too; a pruned one
    counts with its last intermediate value, and one that broke a constraint as failed.

    Args:
        budget: Number of trials planned in the study, >= 1, those that it holds already included;
            the tuner plans with it.
        hand_over: Number of the first trial that is sampled by ``fallback``, 0 to ``budget``; None
            for the ``budget``.
        fallback: The sampler that takes over, with the same study; None for a `TPESampler`. Many
            samplers begin at random: give them as many start-up trials as ``hand_over``.
        seed: Seed of the proposals, >= 0; None for the name of the study, which Optuna draws at
            random if nobody gives it.
        policy: Name or object, as in `hpo_gym.Tuner`; "classifier" is for studies that maximise the
            F1 of a classifier by its "thr", "epochs" and "lr".
        patience: As in `hpo_gym.Tuner`.

    Raises:
        ValueError: An argument is out of bounds.

    Example:
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
        >>> study = optuna.create_study(sampler=LearnedSampler(budget=8, seed=0))
        >>> study.optimize(lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2, n_trials=8)
        >>> study.best_value < 0.1
        True
    """

    def __init__(
        self,
        *,
        budget: int,
        hand_over: int | None = None,
        fallback: BaseSampler | None = None,
        seed: int | None = None,
        policy: str | PointPolicy = "anyspace",
        patience: int = PATIENCE,
    ) -> None:
        self._budget = whole_number("budget", budget, 1)
        self._hand_over = whole_number("hand_over", budget if hand_over is None else hand_over, 0)
        if self._hand_over > self._budget:
            raise ValueError(f"hand_over = {hand_over!r} must be at most budget = {budget!r}")
        if fallback is not None and not isinstance(fallback, BaseSampler):
            raise ValueError(f"fallback = {fallback!r} must be a sampler of Optuna or None")
        find_policy(policy)
        self._seed = None if seed is None else whole_number("seed", seed, 0)
        self._patience = whole_number("patience", patience, 1)
        self._policy, self._fallback = policy, fallback
        self._drafts: dict[tuple[str, int], _Draft] = {}
        self._successors: dict[tuple[str, int], BaseSampler] = {}
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.RLock()

    def reseed_rng(self) -> None:
        """Proposals need no random numbers; the fallback may."""
        if self._fallback is not None:
            self._fallback.reseed_rng()

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Tell the fallback, once it has taken over."""
        if successor := self._successor(study, trial):
            successor.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Forget what was proposed for the trial: it stands in the study."""
        if successor := self._successor(study, trial):
            successor.after_trial(study, trial, state, values)
        with self._lock:
            self._drafts.pop((study.study_name, trial.number), None)
            self._successors.pop((study.study_name, trial.number), None)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing, or what the fallback says: proposals wait for the first parameter."""
        self._raise_error_if_multi_objective(study)
        successor = self._successor(study, trial)
        return successor.infer_relative_search_space(study, trial) if successor else {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values for these parameters."""
        self._raise_error_if_multi_objective(study)
        if successor := self._successor(study, trial):
            return successor.sample_relative(study, trial, search_space)
        return {
            name: self.sample_independent(study, trial, name, distribution)
            for name, distribution in search_space.items()
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value for this parameter; the first call proposes those of its company, too."""
        self._raise_error_if_multi_objective(study)
        if successor := self._successor(study, trial):
            return successor.sample_independent(study, trial, param_name, param_distribution)
        if isinstance(find_policy(self._policy), ClassifierPolicy):
            check_goal(study.direction.name.lower())
        with self._lock:
            draft = self._drafts.setdefault((study.study_name, trial.number), {})
            # An objective may change the bounds from trial to trial.
            if param_name not in draft or draft[param_name][0] != param_distribution:
                self._propose(study, trial, param_name, param_distribution, draft)
            return draft[param_name][1]

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        name: str,
        distribution: BaseDistribution,
        draft: _Draft,
    ) -> None:
        """Add a parameter and its company to the draft of a trial."""
        # Pruners of brackets hide the trials of other brackets, and what they evaluated with them.
        trials = getattr(study, "_study", study).get_trials(deepcopy=False)
        others = [other for other in trials if other.number != trial.number]
        company = company_of(name, distribution, others)
        decided = {*trial.distributions, *draft} - {name}
        group = Group.of(name, company, decided)
        proposer = Proposer(
            group.space,
            find_policy(self._policy),
            self._budget,
            rng.derive(self._key(study), rng.text_key("\n".join(group.distributions))),
            self._patience,
        )
        drafts = {
            other.number: {each: value for each, (_, value) in drafted.items()}
            for other in others
            if (drafted := self._drafts.get((study.study_name, other.number)))
        }
        history = History(group, proposer, study.direction, others, drafts)
        proposed = history.propose(trial.number)
        for each, value in proposed.items():
            if each == name or each not in decided:
                draft[each] = group.distributions[each], value

    def _key(self, study: Study) -> int:
        """Key of the study's random numbers."""
        return rng.text_key(study.study_name) if self._seed is None else rng.fold(self._seed)

    def _successor(self, study: Study, trial: FrozenTrial) -> BaseSampler | None:
        """The sampler that has taken over, None before."""
        if trial.number < self._hand_over:
            return None
        if self._fallback is not None:
            return self._fallback
        # One of its own for each trial, so that a resumed study equals an uninterrupted one.
        with self._lock:
            at = study.study_name, trial.number
            if at not in self._successors:
                seed = rng.derive(self._key(study), trial.number) % 2**32
                start = min(self._hand_over or _STARTUP, _STARTUP)
                self._successors[at] = TPESampler(n_startup_trials=start, seed=seed)
            return self._successors[at]
