"""Imports flow one way: a room may use those below it, never those above; files are short."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = (
    "files",
    "interrupts",
    "locks",
    "optional",
    "references",
    "executors",
    "arrays",
    "rng",
    "parameters",
    "space",
    "classifier_space",
    "sobol",
    "policies",
    "families",
    "shells",
    "tasks",
    "tuning",
    "learning_rate",
    "scheduling",
    "rendering",
    "environments",
    "tuners",
    "testing",
    "hyperdrive",
    "benchmark",
    "integrations",
    "commands",
    "__main__",
)
"""Rooms of hpo_gym from the ground floor up."""
BENCHMARK_FLOORS = ("suites", "results", "scoring", "running", "showing")
FORBIDDEN = [
    ("hpo_gym", "agents"),
    ("hpo_gym", "scripts"),
    ("agents", "scripts"),
    ("hpo_gym.shells", "hpo_gym.tuning"),
    ("hpo_gym.shells", "hpo_gym.families"),
    ("hpo_gym.families", "hpo_gym.tuning"),
    ("hpo_gym.policies", "hpo_gym.families"),
    ("hpo_gym.hyperdrive", "hpo_gym.shells"),
    ("hpo_gym.benchmark.scoring", "hpo_gym.benchmark.running"),
]
"""Pairs (who, what is never imported there)."""


def name_of(file):
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules():
    """All modules of the checkout by name."""
    return {
        name_of(file): file
        for folder in ("hpo_gym", "agents", "scripts")
        for file in sorted((ROOT / folder).rglob("*.py"))
    }


def imported(name, file):
    """The modules of the checkout that a module imports, anywhere in it."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            # "from package import module" means the module, where there is one.
            candidates = [
                dotted if (dotted := f"{base}.{alias.name}") in modules() else base
                for alias in node.names
            ]
        else:
            continue
        yield from (candidate for candidate in candidates if candidate in modules())


@cache
def graph():
    return {name: sorted(set(imported(name, file)) - {name}) for name, file in modules().items()}


def inside(name, package):
    return name == package or name.startswith(f"{package}.")


def test_the_graph_is_read():
    assert "hpo_gym.arrays" in graph()["hpo_gym.rng"]
    assert "agents.training.checkpoints" in graph()["agents.training.run_folder"]
    assert len(graph()) > 100


@pytest.mark.parametrize(("who", "what"), FORBIDDEN, ids=str)
def test_forbidden_imports(who, what):
    arrows = [
        f"{name} imports {other}"
        for name, others in graph().items()
        if inside(name, who)
        for other in others
        if inside(other, what)
    ]
    assert arrows == []


def floor(name, package, floors):
    """Number of the floor of a module inside a package, None outside."""
    if not name.startswith(f"{package}."):
        return None
    room = name.removeprefix(f"{package}.").split(".")[0]
    assert room in floors, f"{name} stands in no room of the plan: add {room!r} to its floors"
    return floors.index(room)


@pytest.mark.parametrize(
    ("package", "floors"), [("hpo_gym", FLOORS), ("hpo_gym.benchmark", BENCHMARK_FLOORS)]
)
def test_no_arrow_upwards(package, floors):
    arrows = [
        f"{name} imports {other}"
        for name, others in graph().items()
        for other in others
        if None not in (at := (floor(name, package, floors), floor(other, package, floors)))
        and at[0] < at[1]
    ]
    assert arrows == []


def test_integrations_are_leaves():
    arrows = [
        f"{name} imports {other}"
        for name, others in graph().items()
        if inside(name, "hpo_gym")
        and not (inside(name, "hpo_gym.integrations") or inside(name, "hpo_gym.commands"))
        for other in others
        if inside(other, "hpo_gym.integrations")
    ]
    assert arrows == []


def circles(arrows):
    """Modules that import each other, over however many steps (Tarjan, 1972)."""
    order, low, stack, found = {}, {}, [], []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in arrows[name]:
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            circle = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for name in arrows:
        if name not in order:
            visit(name)
    return found


def test_circles_are_found():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [["a", "b", "c"]]


def test_there_is_no_circle():
    assert circles(graph()) == []


def test_no_file_is_longer_than_300_lines():
    folders = ("hpo_gym", "agents", "scripts", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert len(lines) > 200
    assert {file: count for file, count in lines.items() if count > 300} == {}
