"""Functions to tune, good and bad."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Annotated

from hpo_gym import Categorical, Float, Integer

Real = Annotated[float, Float(-1.0, 1.0)]


def bowl(x: Real, n: Annotated[int, Integer(1, 4)], sign: Annotated[int, Categorical([1, -1])] = 1):
    """Best at 0, 1, 1."""
    return x * x + n + (sign < 0)


def metrics(configuration):
    """Numbers by names."""
    return {"loss": configuration["x"] ** 2, "accuracy": 1.0 - abs(configuration["x"])}


def moody(x: Real):
    """Fails in every way on one side."""
    if x < -0.5:
        raise RuntimeError("too low")
    if x < 0.0:
        return float("nan")
    if x < 0.2:
        raise SystemExit("enough")
    return x


def deadly(x: Real):
    """Kills its process on one side."""
    if x < 0.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def sleepy(x: Real):
    """Never ends on one side."""
    while x < 0.0:
        time.sleep(60.0)
    return x


def hopeless(x: Real):
    """Always fails."""
    raise ValueError("nothing to be done")


def babbling(x: Real):
    """Fails with a long text that not every terminal takes."""
    raise ValueError("\udcff\0 " + "x" * 10_000)


def noted(x: Real, seconds: float = 0.2):
    """Writes a line into a file when it begins."""
    with Path(os.environ["NOTES"]).open("a") as file:
        file.write(f"{x!r}\n")
    time.sleep(seconds)
    return x


def forking(x: Real):
    """Has its work done by processes that are forked."""
    with multiprocessing.get_context("fork").Pool(4) as pool:
        return sum(pool.map(abs, [x, x]))


def stubborn(x: Real):
    """Notes that it begins, and goes on when it is interrupted."""
    try:
        return noted(x, 30.0)
    except KeyboardInterrupt:
        return x


def deaf(x: Real):
    """Does not end when it is asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return noted(x, 60.0)


def long(x: Real):
    """Takes for ever from the third evaluation on."""
    begun = len(Path(os.environ["NOTES"]).read_text().splitlines())
    return noted(x, 0.0 if begun < 2 else 600.0)
