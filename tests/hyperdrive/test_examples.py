"""The examples of docs/hyperdrive run, and find what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "hyperdrive").glob("*.py"))
SLOW = ("early_termination", "random_search")
"""Those whose children import scikit-learn."""
PAGE = (ROOT / "docs" / "hyperdrive.md").read_text()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Run an example in a folder of its own."""

    def run(example):
        folder = tmp_path_factory.mktemp(example.stem)
        done = subprocess.run(
            [sys.executable, "-W", "error", str(example)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_there_are_examples():
    assert len(EXAMPLES) == 5 and {example.stem for example in EXAMPLES} >= {*SLOW}


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(each, id=each.stem, marks=[pytest.mark.slow] if each.stem in SLOW else [])
        for each in EXAMPLES
    ],
)
def test_an_example_prints_what_the_page_says(example, printed):
    command = rf"\.venv/bin/python docs/hyperdrive/{example.name}"
    block = re.search(rf"{command}\n```\n\nprints\n\n((?:    .*\n)+)", PAGE)
    said = [line.strip() for line in block[1].splitlines()]
    found = [line.strip() for line in printed(example).splitlines()]
    assert [line for line in found if not line.startswith(("RunId", "Folder"))] == said
