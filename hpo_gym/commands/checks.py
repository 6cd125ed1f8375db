"""What command lines share: errors without tracebacks, checks of numbers and folders."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gymnasium as gym


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with one line on stderr where the user, not the program, made a mistake."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, ImportError, gym.error.Error) as error:
        sys.exit(f"error: {error}")


def require_count(name: str, value: int, low: int, high: int | None = None) -> None:
    """Check a whole number of the command line.

    Args:
        name: The option as it is typed.
        value: What was given.
        low: The smallest value allowed.
        high: The largest one, or None.

    Raises:
        ValueError: The value is out of bounds.
    """
    if value < low or (high is not None and value > high):
        bounds = f">= {low}" if high is None else f"in [{low}, {high}]"
        raise ValueError(f"{name} {value} must be a whole number {bounds}")


def require_seconds(name: str, value: float) -> None:
    """Check a time limit of the command line, as `require_count` does a whole number."""
    if not 0.1 <= value <= 1e6:
        raise ValueError(f"{name} {value} must be seconds in [0.1, 1e6]")


def require_writable(option: str, folder: Path) -> None:
    """Try to make a folder and to write there, and leave nothing behind.

    Args:
        option: The option as it is typed.
        folder: What was given.

    Raises:
        ValueError: The folder cannot be made, or not be written.
    """
    made: list[Path] = []
    try:
        for part in (*reversed(folder.absolute().parents), folder.absolute()):
            if not part.exists():
                part.mkdir()
                made.append(part)
            place = part
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{option} {folder}: {place} cannot be written ({error.strerror}); name another folder"
        ) from error
    finally:
        for part in reversed(made):
            part.rmdir()
