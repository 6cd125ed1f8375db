"""docs/clients.md shows the lines that the slow tests run, and the versions they were run with."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text()


def pins():
    """Versions by name: those of the clients' environment, then those of all others."""
    text = (ROOT / "constraints.txt").read_text() + (ROOT / "Makefile").read_text()
    found = re.findall(r"([\w-]+)(?:\[\w+\])?==([\d.]+)", text)
    return {f"{name} {version}" for name, version in found}


def test_it_shows_the_lines_that_are_run():
    shown = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    run = [file.read_text() for file in (Path(__file__).parent / "lines").glob("*.py")]
    assert len(run) >= 9
    assert sorted(shown) == sorted(run)


def test_it_names_the_versions_that_were_tried():
    table = PAGE.split("\n## ")[0]
    rows = re.findall(r"^\| ([\w-]+(?:\[\w+\])?) \| ([\d.]+) \|", table, re.MULTILINE)
    assert len(rows) >= 10
    tried = {f"{name.split('[')[0]} {version}" for name, version in rows}
    assert tried <= pins()
