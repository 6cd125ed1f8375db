"""`check_family` says what is wrong with a family, and never passes on an error from inside it."""

import pytest
from foreign.impure import Counting
from foreign.rmse import Ridge

from hpo_gym import Categorical, Float, SearchSpace
from hpo_gym.testing import check_family


class NoTuple(Ridge):
    def noiseless(self, parameters, scaled, xp):
        return super().noiseless(parameters, scaled, xp)[0]


class OneRowNoTuple(Ridge):
    def noiseless(self, parameters, scaled, xp):
        metrics = super().noiseless(parameters, scaled, xp)
        return metrics[0] if isinstance(scaled[0], float) else metrics


class RowsOnly(Ridge):
    def noiseless(self, parameters, scaled, xp):
        return (super().noiseless(parameters, scaled, xp)[0][:],)


class NoPair(Counting):
    def evaluate(self, parameters, scaled, noise, draws, xp):
        return super().evaluate(parameters, scaled, noise, draws, xp)[0]


class MetricsInAText(Ridge):
    metrics = "rmse"


class SpaceAsDict(Ridge):
    space = {"a": Float(0.0, 1.0)}  # noqa: RUF012


class NoGoals(Ridge):
    goals = None


class ChoiceAsResource(Ridge):
    space = SearchSpace({"a": Float(0.0, 1.0), "size": Categorical(["small", "large"])})
    resource_parameter = "size"


class NotJson(Ridge):
    def describe(self):
        return {**super().describe(), "kind": type(self)}


class NoOptimum(Ridge):
    def frontier(self, parameters, metric):
        return None


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (NoTuple, r"instead of a tuple with one entry for each of the metrics \('rmse',\)"),
        (OneRowNoTuple, "<class 'float'> instead of a tuple"),
        (RowsOnly, "one row of floats with Floats, many .* it raised TypeError"),
        (NoPair, "evaluate.. must give two tuples of floats .* it raised ValueError"),
        (MetricsInAText, "metrics = 'rmse' must be a tuple: set it"),
        (SpaceAsDict, "space = {.*} must be a SearchSpace"),
        (NoGoals, "goals = None must be a Mapping"),
        (ChoiceAsResource, r"'size' is not .* numbers, \['a'\]: name one of them, or None"),
        (NotJson, r"describe\(\) must give JSON .* it raised TypeError"),
        (NoOptimum, r"frontier\(\), .* must know every task: it raised TypeError"),
    ],
)
def test_mistakes_are_named(family, words):
    with pytest.raises(AssertionError, match=words):
        check_family(family())


def test_classes_are_refused():
    with pytest.raises(AssertionError, match=r"Ridge'> is a class: check an instance of it"):
        check_family(Ridge)
