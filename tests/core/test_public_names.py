"""The public face: the names that docs/api.md lists, no more and no fewer."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

import hpo_gym

ROOT = Path(__file__).parents[2]
MODULE = Path(hpo_gym.__file__).read_text()


def listed():
    """The names of the first table, in its order."""
    table = re.search(r"(^\|.*\n)+", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)[0]
    first_cells = (row.split("|")[1] for row in table.splitlines())
    return [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]


def documented_constants():
    """Names of the module that are assigned and then described by a string."""
    body = ast.parse(MODULE).body
    return {
        node.target.id
        for node, text in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def test_the_table_lists_the_public_names():
    assert len(listed()) == len(set(listed())) == 17
    assert set(listed()) == set(hpo_gym.__all__)


@pytest.mark.parametrize("name", hpo_gym.__all__)
def test_every_public_name_is_documented(name):
    value = getattr(hpo_gym, name)
    own = None if isinstance(value, dict) else value.__doc__
    assert own or name in documented_constants()


def test_a_star_imports_exactly_these(run_python):
    script = "from hpo_gym import *\nprint(sorted(name for name in dir() if name[0] != '_'))"
    assert ast.literal_eval(run_python(script)) == sorted(hpo_gym.__all__)
