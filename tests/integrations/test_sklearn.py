"""`LearnedSearchCV` keeps scikit-learn's conventions."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from hpo_gym import Categorical, Float, Integer
from hpo_gym.integrations import sklearn as integration
from hpo_gym.integrations.sklearn import LearnedSearchCV

pytestmark = pytest.mark.filterwarnings(
    "ignore:One or more of the test scores are non-finite",  # scikit-learn says so of failures
    "ignore:Maximum number of iteration reached",
)

X, Y = make_classification(200, 6, weights=[0.8], flip_y=0.05, random_state=0)
SPACE = {"C": Float(1e-3, 1e2, log=True), "class_weight": Categorical([None, "balanced"])}


class Moody(ClassifierMixin, BaseEstimator):
    """Fits only for some whole numbers; its score is the number."""

    def __init__(self, number=0, bad=()):
        self.number, self.bad = number, bad

    def fit(self, x, y):
        if self.number in self.bad:
            raise RuntimeError(f"{self.number} is bad")
        self.classes_ = np.unique(y)
        return self

    def predict(self, x):
        return np.zeros(len(x))

    def score(self, x, y):
        return float(self.number)


@pytest.fixture
def tuners(monkeypatch):
    """What the tuners of the searches were asked and told, in order."""
    seen = []

    class Watched(integration.Tuner):
        def ask(self):
            seen.append(("ask", super().ask()))
            return seen[-1][1]

        def tell(self, configuration, score):
            seen.append(("tell", score))
            super().tell(configuration, score)

        def fail(self, configuration):
            seen.append(("fail", None))
            super().fail(configuration)

    monkeypatch.setattr(integration, "Tuner", Watched)
    return seen


@pytest.mark.parametrize("pipeline", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_the_checks_of_scikit_learn_pass(pipeline):
    model = LogisticRegression(max_iter=200)
    estimator = make_pipeline(StandardScaler(), model) if pipeline else model
    name = "logisticregression__C" if pipeline else "C"
    search = LearnedSearchCV(estimator, {name: Float(1e-3, 10.0, log=True)}, n_iter=2, cv=2)
    outcomes = check_estimator(search, on_fail=None, on_skip=None)
    assert [each for each in outcomes if each["status"] == "failed"] == []
    assert sum(each["status"] == "passed" for each in outcomes) >= 40


def test_it_finds_and_refits_the_best():
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=6, random_state=0).fit(X, Y)
    results = search.cv_results_
    assert len(results["params"]) == len(results["mean_test_score"]) == 6
    assert search.best_score_ == max(results["mean_test_score"])
    assert search.best_params_ == results["params"][search.best_index_]
    assert all(1e-3 <= params["C"] <= 1e2 for params in results["params"])
    by_hand = LogisticRegression(**search.best_params_).fit(X, Y)
    assert (search.predict(X) == by_hand.predict(X)).all()
    again = pickle.loads(pickle.dumps(search))
    assert (again.predict_proba(X) == search.predict_proba(X)).all()


def test_equal_seeds_give_equal_candidates():
    def candidates(seed):
        search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=4, random_state=seed)
        return clone(search).fit(X, Y).cv_results_["params"]

    assert candidates(0) == candidates(0) != candidates(1)
    assert candidates(np.random.RandomState(3)) == candidates(3)


def test_the_start_is_tried_first():
    start = {"C": 1.0, "class_weight": None}
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=2, start=start).fit(X, Y)
    assert search.cv_results_["params"][0] == start


def test_several_metrics_are_shown_and_the_named_one_is_tuned(tuners):
    scoring = ["accuracy", "recall"]
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=3, scoring=scoring, refit="recall")
    results = search.fit(X, Y).cv_results_
    told = [value for kind, value in tuners if kind == "tell"]
    assert told == results["mean_test_recall"].tolist() != results["mean_test_accuracy"].tolist()


@pytest.mark.parametrize("refit", [False, lambda results: 0])
@pytest.mark.parametrize(
    "scoring", [["accuracy", "recall"], lambda model, x, y: {"accuracy": 0.5, "recall": 0.5}]
)
def test_several_metrics_need_the_name_of_one(refit, scoring):
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=2, scoring=scoring, refit=refit)
    with pytest.raises(ValueError, match="must be the name of the metric to tune for"):
        search.fit(X, Y)


def test_one_metric_needs_no_refit():
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=2, refit=False).fit(X, Y)
    assert search.best_params_ in search.cv_results_["params"]
    assert not hasattr(search, "best_estimator_")


@pytest.mark.parametrize("bad", [(0,), (4,), (0, 1, 3, 4), (2,)])
def test_a_failed_candidate_is_a_failed_evaluation(bad, tuners):
    search = LearnedSearchCV(Moody(bad=bad), {"number": Integer(0, 4)}, n_iter=5, random_state=0)
    with pytest.warns(FitFailedWarning, match="is bad"):
        results = search.fit(X, Y).cv_results_
    numbers = [params["number"] for params in results["params"]]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert numbers == [value["number"] for kind, value in tuners if kind == "ask"]
    for number, score, fold in zip(
        numbers, results["mean_test_score"], results["split0_test_score"], strict=True
    ):
        assert np.isnan(score) == np.isnan(fold) == (number in bad)
        assert number in bad or score == number
    assert [kind for kind, _ in tuners if kind != "ask"] == [
        "fail" if number in bad else "tell" for number in numbers
    ]
    assert search.best_params_ == {"number": max({0, 1, 2, 3, 4} - set(bad))}


def test_error_scores_are_told_and_errors_raised_on_demand(tuners):
    search = LearnedSearchCV(Moody(bad=(3,)), {"number": Integer(1, 3)}, n_iter=3, error_score=-7)
    with pytest.warns(FitFailedWarning):
        search.fit(X, Y)
    assert sorted(value for kind, value in tuners if kind == "tell") == [-7.0, 1.0, 2.0]
    with pytest.raises(RuntimeError, match="3 is bad"):
        search.set_params(error_score="raise").fit(X, Y)


def test_a_search_in_which_all_fails_is_an_error():
    search = LearnedSearchCV(Moody(bad=(1, 2)), {"number": Integer(1, 2)}, n_iter=2)
    with (
        pytest.warns(FitFailedWarning),
        pytest.raises(ValueError, match=r"All the 5 fits failed"),
    ):
        search.fit(X, Y)


def test_workers_are_kept_busy(tuners):
    search = LearnedSearchCV(LogisticRegression(), SPACE, n_iter=5, n_jobs=2, cv=2)
    search.fit(X, Y)
    kinds = [kind for kind, _ in tuners]
    assert kinds == [*["ask", "ask", "tell", "tell"] * 2, "ask", "tell"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_iter": 0}, "'n_iter' parameter of LearnedSearchCV must be an int in the range"),
        ({"param_space": {}}, "a search space has 1 to 20 parameters, got 0"),
        ({"param_space": {"C": [1, 2]}}, r"'C' = \[1, 2\] must be a Float, Integer or Categ"),
        ({"param_space": {"Q": Float(0.0, 1.0)}}, "Invalid parameter 'Q' for estimator"),
        ({"start": {"C": 1.0}}, "missing: \\['class_weight'\\]"),
    ],
)
def test_mistakes_are_named(changes, message):
    search = LearnedSearchCV(LogisticRegression(), SPACE).set_params(**changes)
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)


class Thresholded(Moody):
    """Its parameters are called like those of a classifier that the learned tuner knows."""

    def __init__(self, thr=0.5, epochs=1, lr=0.1):
        super().__init__()
        self.thr, self.epochs, self.lr = thr, epochs, lr

    def score(self, x, y):
        return -abs(self.thr - 0.3)


def test_scores_may_be_on_any_scale_whatever_the_parameters_are_called():
    space = {"thr": Float(0.0, 1.0), "epochs": Integer(1, 9), "lr": Float(1e-3, 1.0, log=True)}
    search = LearnedSearchCV(Thresholded(), space, n_iter=4, random_state=0).fit(X, Y)
    assert -0.3 < search.best_score_ <= 0.0


def test_a_threshold_is_a_parameter():
    model = FixedThresholdClassifier(SGDClassifier(loss="log_loss", random_state=0))
    space = {
        "threshold": Float(0.0, 1.0),
        "estimator__max_iter": Integer(5, 100, log=True),
        "estimator__alpha": Float(1e-5, 1e-1, log=True),
    }
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    search = LearnedSearchCV(model, space, n_iter=8, scoring="f1", cv=cv, random_state=0)
    search.fit(X, Y)
    assert search.best_score_ > 2 * Y.mean() / (1 + Y.mean())  # of calling everything positive
    assert search.best_estimator_.threshold == search.best_params_["threshold"]
