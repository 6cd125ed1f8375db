"""Settings that all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

pytest_plugins = ["attacks", "shared_fixtures"]

# Tiny networks are fastest on one thread; torch reads this when it is imported.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """Run a script in a fresh interpreter and give what it prints."""

    def run(script: str, **environment: str) -> str:
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
