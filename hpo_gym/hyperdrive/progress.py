"""Waiting for a run, with a progress bar for those who want to see it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection
from typing import Any

from hpo_gym.hyperdrive import ranking
from hpo_gym.hyperdrive.journal import COMPLETED, FAILED, TERMINAL, UNRESPONSIVE, reading
from hpo_gym.optional import optional

_LOOK = 0.1
"""Seconds between two looks at a run."""
_LONGEST_LOG = 800
"""Characters of a log that an error shows."""


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


def reason(run: Any, status: str) -> str:
    """Why a `HyperDriveRun` is in a state that nobody wanted."""
    if status == UNRESPONSIVE:
        return "the process that did its work has died; resume() goes on"
    if error := reading(run.folder).facts.get("error"):
        return f"{error.strip()}\nresume() goes on"
    first = next(row for row in run.rows() if row.status == FAILED)
    log = run.child(first.number).log_text()[-_LONGEST_LOG:]
    return f"every child failed, the first because {first.message}; its log: {log}"


def warn_of_no_metric(run: Any) -> None:
    """Warn if children of a `HyperDriveRun` are done, and none has logged the primary metric."""
    rows, name = run.rows(), reading(run.folder).facts["primary_metric_name"]
    done = any(row.status == COMPLETED for row in rows)
    if not done or any(row.curve for row in rows):
        return
    logged = sorted({metric for row in rows for metric in run.child(row.number).get_metrics()})
    warnings.warn(
        f"no child logged {name!r} as a number, so none is the best; they logged {logged}: let "
        "primary_metric_name be what the script logs",
        stacklevel=3,
    )
