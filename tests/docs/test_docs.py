"""Figures in the documentation are those that the committed results give."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from scripts.figures.plot_regret import Arguments, described, read

ROOT = Path(__file__).parents[2]
ARGUMENTS = Arguments()
RESULTS = (ROOT / "docs" / "benchmark.md").read_text()


def suites_of(text):
    """From the first suite's heading on: what stands before says where the figures come from."""
    return text[text.index("\n## ") :].strip()


def test_the_figure_of_the_readme_is_what_the_committed_rows_give():
    path = ROOT / "docs" / "regret.png"
    with Image.open(path) as picture:
        assert picture.info["Description"] == described(
            read(replace(ARGUMENTS, rows=ROOT / ARGUMENTS.rows))
        )


def test_the_readme_says_what_its_figure_shows():
    with Image.open(ROOT / "docs" / "regret.png") as picture:
        lines = picture.info["Description"].splitlines()[1:]
    shown = {name: values for name, *values in map(str.split, lines)}
    assert set(shown) == set(ARGUMENTS.agents)
    readme = " ".join((ROOT / "README.md").read_text().split())
    said = re.search(r"After (\d+) evaluations (.*?)\. Drawn from", readme)
    figures = re.findall(r"`([\w-]+)` (?:lacks )?([\d.]+) %", said[2])
    assert len(figures) == 3
    for name, percent in figures:
        assert float(percent) == pytest.approx(100 * float(shown[name][int(said[1]) - 1]), abs=0.05)


@pytest.mark.slow
def test_results_are_what_the_committed_rows_give(tmp_path):
    """Nothing is missing in the rows, and every table is up to date."""
    command = [sys.executable, "-m", "scripts.benchmark", "--profile", "full", "--show"]
    command += ["--rows", "docs/rows", "--database", str(tmp_path / "results.sqlite")]
    subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    assert suites_of((tmp_path / "benchmark.md").read_text()) == suites_of(RESULTS)
