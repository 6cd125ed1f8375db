"""`scripts.figures.plot_model`: the figures of the model."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread

from hpo_gym import FictitiousModel
from scripts.figures.plot_model import Arguments, draw, main


@pytest.fixture(scope="module")
def figure():
    return draw(FictitiousModel(), "f1")


def line(axes, label):
    (found,) = [each for each in axes.get_lines() if each.get_label() == label]
    return found.get_data()


def test_curves_are_the_notebooks(figure):
    thr_axes, epochs_axes, lr_axes = figure.axes[:3]
    thr, precision = line(thr_axes, "precision")
    assert (thr[0], thr[-1]) == (0.0, 1.0)
    np.testing.assert_allclose(precision, 0.1 + 0.9 / (1 + 5000 * np.exp(-20 * thr)))
    thr, recall = line(thr_axes, "recall")
    np.testing.assert_allclose(recall, 1 / (1 + 1e-5 * np.exp(20 * thr)))
    epochs, loss = line(epochs_axes, "loss")
    assert epochs[0] == 0.0
    np.testing.assert_allclose(loss, 3 + 7 * np.exp(-0.05 * epochs))
    epochs, accuracy = line(epochs_axes, "10 x accuracy")
    np.testing.assert_allclose(accuracy, 10 * (0.95 - 3 * np.log10(3 - 0.025 * epochs) ** 2))
    assert epochs[accuracy.argmax()] == 80.0
    assert lr_axes.get_xscale() == "log"
    lr, loss = line(lr_axes, "loss")
    np.testing.assert_allclose([lr[0], lr[-1]], [1e-4, 10**0.8])
    np.testing.assert_allclose(loss, 0.6 + np.log10(0.9 - np.log10(lr)) ** 2)
    lr, accuracy = line(lr_axes, "accuracy")
    np.testing.assert_allclose(accuracy, 0.98 - np.log10(0.7 - 0.5 * np.log10(lr)) ** 2)


def test_heat_maps_mark_the_optimum(figure):
    places = [axes.collections[-1].get_offsets()[0] for axes in figure.axes[3:6]]
    thr, epochs, lr = 0.496926331152285, 80.0, 0.251188643150958
    np.testing.assert_allclose(places, [(thr, epochs), (thr, lr), (epochs, lr)], rtol=1e-9)
    assert [axes.get_xlabel() for axes in figure.axes[3:6]] == ["thr", "thr", "epochs"]
    assert "0.7697" in figure.get_suptitle()


def test_files_are_written_and_named(tmp_path, capsys):
    paths = (tmp_path / "new" / "model.png", tmp_path / "model.svg")
    main(Arguments(out=paths, metric="loss", model=FictitiousModel(k_loss=2.0)))
    assert capsys.readouterr().out.split() == [str(path) for path in paths]
    pixels = imread(paths[0])
    assert min(pixels.shape[:2]) > 900
    assert len(np.unique(pixels[::4, ::4].reshape(-1, pixels.shape[2]), axis=0)) > 1000
    assert 10_000 < paths[1].stat().st_size < 2_000_000
