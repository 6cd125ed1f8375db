"""Where a result comes from: package versions and the commit of the checkout."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hpo_gym

PACKAGES = ("gymnasium", "numpy", "stable-baselines3", "torch")


def git_commit() -> str | None:
    """Hash of the checkout's commit, ending in "-dirty" if files differ; None without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        result = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def provenance(command: str | None) -> dict[str, Any]:
    """What a policy's description says about where it comes from.

    Args:
        command: The command line of the training, if there was one.
    """
    versions = {"python": platform.python_version(), "hpo-gym": hpo_gym.__version__}
    versions |= {name: version(name) for name in PACKAGES}
    return {"command": command, "versions": versions, "commit": git_commit()}
