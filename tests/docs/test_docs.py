"""Figures in the documentation are those that the committed results give."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = (ROOT / "docs" / "benchmark.md").read_text()


def suites_of(text):
    """From the first suite's heading on: what stands before says where the figures come from."""
    return text[text.index("\n## ") :].strip()


def test_readme_shows_rows_of_the_results():
    readme = (ROOT / "README.md").read_text()
    section = re.search(r"\n## Benchmark\n.*?(?=\n## )", readme, re.DOTALL)[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(rows) >= 6  # the heading and at least five tuners
    known = set(RESULTS.splitlines())
    assert [row for row in rows if row not in known] == []


@pytest.mark.slow
def test_results_are_what_the_committed_rows_give(tmp_path):
    """Nothing is missing in the rows, and every table is up to date."""
    command = [sys.executable, "-m", "scripts.benchmark", "--profile", "full", "--show"]
    command += ["--rows", "benchmark_rows", "--database", str(tmp_path / "results.sqlite")]
    subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    assert suites_of((tmp_path / "benchmark.md").read_text()) == suites_of(RESULTS)
