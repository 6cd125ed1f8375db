"""Waiting for a run, with a progress bar for those who want to see it."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from hpo_gym.hyperdrive import ranking
from hpo_gym.hyperdrive.journal import TERMINAL, reading
from hpo_gym.optional import optional

_LOOK = 0.1
"""Seconds between two looks at a run."""


def wait(run: Any, *, over: Collection[str], show: bool) -> None:
    """Wait until a `HyperDriveRun` is in one of the states.

    Args:
        run: The run.
        over: The states.
        show: Whether to print which run it is, how many of its children have ended, and how.
    """
    if show:
        _show(run, over)
    else:
        while run.get_status() not in over:
            time.sleep(_LOOK)


def _show(run: Any, over: Collection[str]) -> None:
    tqdm = optional("tqdm", extra="hyperdrive", user="the progress bar").tqdm
    journal = reading(run.folder)
    print(f"RunId: {run.id}\nFolder: {run.folder}")
    with tqdm(total=journal.facts["total"], unit="child") as bar:
        while True:
            status = run.get_status()  # first: what has ended by then is among the rows
            rows = journal.rows()
            ended = [row for row in rows if row.status in TERMINAL]
            if len(ended) > bar.n:
                for row in ranking.ranked(rows, journal.goal)[:1]:
                    bar.set_postfix_str(f"best {row.best(journal.goal):.6g}", refresh=False)
                bar.update(len(ended) - bar.n)
            if status in over:
                break
            time.sleep(_LOOK)
    counts = {each: sum(row.status == each for row in ended) for each in TERMINAL}
    print(f"{status}:", ", ".join(f"{counts[s]} {s.lower()}" for s in TERMINAL if counts[s]))
