"""Search spaces in files and annotations."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Optional

import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.commands.tune.spaces import annotated_space, calls_by_name, read_space

SPACE = SearchSpace(
    {
        "lr": Float(1e-5, 1e-1, log=True),
        "layers": Integer(1, 8),
        "momentum": Float(0, 1),
        "optimizer": Categorical(["adam", "sgd"]),
    }
)
TOML = """
lr = {low = 1e-5, high = 1e-1, log = true}
layers = {low = 1, high = 8}
momentum = {kind = "float", low = 0, high = 1}
optimizer = ["adam", "sgd"]
"""
JSON = """{"lr": {"low": 1e-5, "high": 0.1, "log": true}, "layers": {"low": 1, "high": 8},
"momentum": {"low": 0.0, "high": 1}, "optimizer": {"choices": ["adam", "sgd"]}}"""


@pytest.mark.parametrize(("name", "text"), [("space.toml", TOML), ("space.json", JSON)])
def test_files(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    assert read_space(path) == SPACE


@pytest.mark.parametrize(("name", "text"), [("space.toml", TOML), ("space.json", JSON)])
def test_files_of_windows(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8-sig")
    assert read_space(path) == SPACE


def test_the_file_in_the_documentation(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "tune-anywhere.md").read_text()
    path = tmp_path / "space.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    more = {**SPACE.parameters, "dropout": Float(0.0, 0.5)}
    assert read_space(path).parameters == more


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("space.yaml", "", "must be a file that ends in .toml or .json"),
        ("space.toml", "lr = ", "cannot be read: Invalid value"),
        ("space.json", "[1]", "must have an entry for each parameter"),
        ("space.toml", "lr = 0.1", r"'lr' = 0.1 must be a list of choices, or have a low and a hi"),
        ("space.toml", "lr = {low = 1, high = 0}", "'lr': .*the bounds must have low < high"),
        (
            "space.toml",
            "lr = {low = 0.1, up = 2}",
            r"'lr': .* by \['low', 'high', 'log'\], not by \['low', 'up'\]",
        ),
        ("space.toml", "lr = {low = 1}", "'lr': a float is described by"),
        ("space.json", '{"lr": [1, 2], "lr": [3, 4]}', r"\['lr'\] occur more than once"),
        ("space.toml", "lr = {low = 0.0, high = 1.0, log = true}", "log=True needs low > 0"),
        ("space.toml", "", "a search space has 1 to 20 parameters, got 0"),
    ],
)
def test_files_with_mistakes(name, text, message, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_space(path)


def annotated(
    lr: Annotated[float, Float(1e-5, 1e-1, log=True)],
    layers: Annotated[int, Integer(1, 8)],
    momentum: Annotated[float, "a remark", Float(0, 1)] = 0.9,
    optimizer: Annotated[str, Categorical(["adam", "sgd"])] = "sgd",
    verbose: bool = False,
):
    pass


def test_annotations():
    assert annotated_space(annotated) == SPACE
    assert calls_by_name(annotated, SPACE)


class Called:
    def __call__(
        self,
        lr: Float(1e-5, 1e-1, log=True),
        layers: Annotated[int, Integer(1, 8)] | None,
        momentum: Optional[Annotated[float, Float(0, 1)]] = None,  # noqa: UP045
        optimizer: Categorical(["adam", "sgd"]) = "sgd",
    ):
        pass


@pytest.mark.parametrize(
    "function", [Called(), partial(annotated, verbose=True)], ids=["object", "partial"]
)
def test_annotations_of_other_forms(function):
    assert annotated_space(function) == SPACE


def bare(lr, layers=1):
    pass


def half(lr: Annotated[float, Float(0.0, 1.0)], layers: int):
    pass


def optional(lr=1.0):
    pass


def lost(lr: Annotated[float, Nowhere]):  # noqa: F821
    pass


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (bare, "bare does not say where its parameter 'lr' lies: annotate it"),
        (half, "half does not say where its parameter 'layers' lies"),
        (optional, "optional has no annotated parameters: name a file with --space"),
        (lost, "the annotations of lost cannot be read: name 'Nowhere' is not defined"),
    ],
)
def test_annotations_with_mistakes(function, message):
    with pytest.raises(ValueError, match=message):
        annotated_space(function)


def test_functions_take_names_or_a_configuration():
    def by_name(lr, layers, momentum, optimizer):
        pass

    def whole(configuration):
        pass

    def anything(**configuration):
        pass

    def neither(lr, layers):
        pass

    assert calls_by_name(by_name, SPACE) and calls_by_name(anything, SPACE)
    assert not calls_by_name(whole, SPACE)
    with pytest.raises(ValueError, match=r"neither\(lr, layers\) must take the parameters \['lr',"):
        calls_by_name(neither, SPACE)
