"""Models of scikit-learn: they take every table, and their code makes them again."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from hpo_gym.commands.tune.code import Code
from hpo_gym.commands.tune.models import MODELS, make_estimator, space_of
from hpo_gym.commands.tune.tables import Table

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.standard_normal((60, 3))
TARGETS = {
    "classification": np.where(NUMBERS[:, 0] > 0.0, "big", "small"),
    "regression": 100.0 + 50.0 * NUMBERS[:, 0],
}


def table_of(kind, task):
    inputs, text = NUMBERS.copy(), ()
    if kind != "numbers":
        inputs[::7, 1] = np.nan
    if kind == "mixed":
        inputs, text = inputs.astype(object), (2,)
        inputs[:, 2] = [("red", "green", "")[i % 3] for i in range(60)]
    if kind == "text":
        inputs, text = np.where(NUMBERS > 0.0, "up", "down").astype(object), (0, 1, 2)
    names = tuple("abc")
    return Table(inputs, TARGETS[task], task, names, text)


@pytest.mark.filterwarnings("ignore:.*[Ii]teration")
@pytest.mark.parametrize("kind", ["numbers", "missing", "mixed", "text"])
@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_and_its_code_makes_it_again(name, task, kind):
    table, space = table_of(kind, task), space_of(name, task)
    unit = RANDOM.uniform(-0.5, 0.5, space.dimension)
    model = make_estimator(name, table, space.configuration(unit))
    code, names = Code(), {}
    expression = code.of(model)
    exec(code.imports, names)
    again = eval(expression, names)
    assert repr(again) == repr(model)
    model.fit(table.inputs, table.targets)
    again.fit(table.inputs, table.targets)
    predicted = model.predict(table.inputs)
    assert (predicted == again.predict(table.inputs)).all()
    if kind == "text":
        return  # what nobody saw in training is no error
    strange = table.inputs[:1].copy()
    strange[0, 1], strange[0, 2] = NUMBERS[0, 1], "violet" if kind == "mixed" else 1.0
    assert model.predict(strange).shape == (1,)


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("name", MODELS)
def test_spaces_have_parameters_of_the_model(name, task):
    space = space_of(name, task)
    assert 1 <= len(space.names) <= 6
    for unit in ([-1.0] * space.dimension, [1.0] * space.dimension):
        make_estimator(name, table_of("numbers", task), space.configuration(unit))
