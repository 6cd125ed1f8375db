"""The lines that docs/clients.md shows are run as they stand."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

LINES = Path(__file__).parent / "lines"

# They train when they are imported: pytest shall not look for doctests in them.
collect_ignore_glob = ["lines/*"]


@pytest.fixture
def run_lines(tmp_path, monkeypatch):
    """Run a script of `lines` in an empty folder and give its variables."""
    monkeypatch.chdir(tmp_path)

    def run(name):
        return runpy.run_path(str(LINES / f"{name}.py"))

    return run


@pytest.fixture
def train(run_lines):
    """The same for lines that train in torch: weights have changed, and all are finite."""

    def run(name):
        torch = pytest.importorskip("torch")
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        first = {}

        def remember(optimizer, args, kwargs):
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            first.setdefault(optimizer, [(weight, weight.detach().clone()) for weight in weights])

        with register_optimizer_step_pre_hook(remember):
            variables = run_lines(name)
        assert first, "no optimiser was stepped"
        for weights in first.values():
            assert all(torch.isfinite(now).all() for now, _ in weights)
            assert any(not torch.equal(now, before) for now, before in weights)
        return variables

    return run
