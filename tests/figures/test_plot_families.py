"""`scripts.figures.plot_families`: tasks of the families."""

import pytest

from scripts.figures.plot_families import Arguments, draw, main


def test_a_panel_for_every_task():
    figure = draw(Arguments(tasks=2))
    titles = [block.get_suptitle() for block in figure.subfigs]
    assert titles == [f"{name}, validation tasks 0 to 1: F1" for name in Arguments.families]
    shown = [panel for panel in figure.axes if panel.get_visible() and panel.get_title()]
    assert len(shown) == 2 * len(Arguments.families)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"tasks": 5000, "families": ("binormal",)},
            r"--tasks 5000 must be a whole number in \[1, 4096\]",
        ),
        ({"tasks": 0}, "--tasks 0 must be"),
        ({"split": "nope"}, r"--split 'nope' must be one of \['train', 'validation', 'test'"),
        ({"families": ()}, "--families: none are given"),
        ({"families": ("notebook",)}, "--families: 'notebook' has one task only"),
    ],
)
def test_mistakes_are_named_by_their_option(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        main(Arguments(out=tmp_path / "a.png", **arguments))
    assert list(tmp_path.iterdir()) == []
