"""scikit-learn: `LearnedSearchCV`, beside its grid and random searches."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from hpo_gym.parameters import Parameter
from hpo_gym.tuners.tuner import Tuner

try:
    import joblib
    from sklearn.exceptions import FitFailedWarning
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.utils import check_random_state
    from sklearn.utils._param_validation import Interval
except ImportError as error:
    raise ImportError(
        "hpo_gym.integrations.sklearn needs scikit-learn: pip install 'hpo-gym[sklearn]'"
    ) from error


class LearnedSearchCV(BaseSearchCV):  # type: ignore[misc]
    """Search over hyperparameters by the learned tuner, with cross-validation.

    It is used like ``RandomizedSearchCV``, and has the same attributes after ``fit``. A candidate
    of which a fit failed is a failed evaluation; the search goes on unless all of them failed. With
    ``n_jobs`` above 1 as many candidates are proposed at once as there are workers.

    Args:
        estimator: The estimator to tune; its ``score`` is used unless ``scoring`` is given.
        param_space: `hpo_gym.Float`, `Integer` or `Categorical` by the names of its parameters,
            such as "svc__C" in a pipeline; 1 to 20.
        n_iter: The budget: number of candidates, >= 1.
        scoring: As in scikit-learn. With several metrics, ``refit`` names the one to tune for.
        n_jobs: Number of workers, as in scikit-learn; every fold of a candidate is a job. More
            workers propose more candidates at once, each knowing less.
        refit: Whether to fit the best candidate on all data, or the name of a metric.
        cv: As in scikit-learn.
        verbose: As in scikit-learn.
        pre_dispatch: As in scikit-learn.
        random_state: Seed of the search, or a generator: equal ones give equal candidates. Give a
            splitter ``cv`` that shuffles a seed of its own.
        error_score: Score of a fit that fails: nan marks a failed evaluation, a number is taken for
            its score; "raise" raises the error.
        return_train_score: As in scikit-learn.
        start: Values to try first, of all parameters; None lets the tuner choose.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.svm import SVC
        >>> from hpo_gym import Float
        >>> space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-4, 1.0, log=True)}
        >>> search = LearnedSearchCV(SVC(), space, n_iter=8, random_state=0)
        >>> print(search.fit(*load_iris(return_X_y=True)).best_score_ > 0.95)
        True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSearchCV._parameter_constraints,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_space: Mapping[str, Parameter],
        *,
        n_iter: int = 16,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[..., int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        start: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_space = param_space
        self.n_iter = n_iter
        self.random_state = random_state
        self.start = start

    def _run_search(self, evaluate_candidates: Callable[..., Any]) -> None:
        """Ask the tuner for candidates, evaluate them, tell it their scores, and so on."""
        self._check_refit()
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        # Whatever the parameters are called: scores may be on any scale.
        tuner = Tuner(
            self.param_space,
            budget=int(self.n_iter),
            seed=seed,
            start=self.start,
            policy="anyspace",
        )
        workers, batches = joblib.effective_n_jobs(self.n_jobs), _Batches(self, evaluate_candidates)
        self._batches = batches
        try:
            while left := self.n_iter - batches.candidates:
                batch = [tuner.ask() for _ in range(min(workers, left))]
                for candidate, score in zip(batch, batches.scores(batch), strict=True):
                    if np.isfinite(score):
                        tuner.tell(candidate, float(score))
                    else:
                        tuner.fail(candidate)
            batches.finish()
        finally:
            del self._batches

    def _check_refit(self) -> None:
        several = not (self.scoring is None or isinstance(self.scoring, str))
        if several and not callable(self.scoring) and not isinstance(self.refit, str):
            raise ValueError(_name_the_metric(self.refit))

    def _format_results(self, candidate_params: Any, n_splits: int, out: Any, *more: Any) -> Any:
        """The results with those of candidates of which every fit failed, in order."""
        whole = self._batches.whole(candidate_params, n_splits, out, *more)
        return super()._format_results(*whole)


class _Batches:
    """Evaluations of candidates, batch by batch.

    scikit-learn raises an error where every fit of a batch fails, and keeps nothing of it. With
    small batches this happens to a search that is well.
    """

    def __init__(self, search: LearnedSearchCV, evaluate: Callable[..., Any]) -> None:
        self._search, self._evaluate = search, evaluate
        self._failed: dict[int, Any] = {}
        self._error: ValueError | None = None
        self._results: dict[str, Any] = {}
        self._arguments: tuple[Any, ...] = ()
        self.candidates = 0

    def __getstate__(self) -> dict[str, Any]:
        return {}  # scikit-learn sends the search, and all that it has, to every worker

    def scores(self, batch: list[dict[str, Any]]) -> Any:
        """Scores of new candidates, higher is better; nan for failures."""
        first, error_score = self.candidates, self._search.error_score
        self.candidates += len(batch)
        try:
            self._results = self._evaluate(batch)
        except ValueError as error:
            if error_score == "raise" or not re.match(r"\s*All the \d+ fits failed", str(error)):
                raise
            warnings.warn(str(error), FitFailedWarning, stacklevel=2)
            self._error = error
            self._failed.update(enumerate(batch, first))
            return [error_score] * len(batch)
        refit = self._search.refit
        if "mean_test_score" in self._results:
            return self._results["mean_test_score"][first:]
        if f"mean_test_{refit}" not in self._results:
            raise ValueError(_name_the_metric(refit))
        return self._results[f"mean_test_{refit}"][first:]

    def finish(self) -> None:
        """Add the failures that came after the last success.

        Raises:
            ValueError: There was no success.
        """
        if self._error is not None:
            if len(self._failed) == self.candidates:
                raise self._error
            self._results.update(self._search._format_results(*self._arguments))

    def whole(
        self, candidates: list[Any], n_splits: int, out: list[Any], *more: Any
    ) -> tuple[Any, ...]:
        """What scikit-learn formats, with the failures of which it keeps nothing."""
        self._arguments = candidates, n_splits, out, *more
        candidates, out = [*candidates], [*out]
        fits = [self._failure(fit) for fit in out[:n_splits]]
        for position in sorted(self._failed):
            candidates.insert(position, self._failed[position])
            out[position * n_splits : position * n_splits] = fits
        return candidates, n_splits, out, *more

    def _failure(self, fit: dict[str, Any]) -> dict[str, Any]:
        """The result of a fit, on the same rows, that failed."""
        score = self._search.error_score
        scores: dict[str, Any] = {
            name: dict.fromkeys(fit[name], score) if isinstance(fit[name], dict) else score
            for name in ("test_scores", "train_scores")
            if name in fit
        }
        return {**fit, **scores, "fit_time": 0.0, "score_time": 0.0}


def _name_the_metric(refit: Any) -> str:
    return f"refit = {refit!r} must be the name of the metric to tune for, one of those in scoring"
