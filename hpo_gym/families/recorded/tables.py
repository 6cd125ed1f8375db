"""The recorded tables: an index that says what they are of, and their counts.

The counts lie in one compressed file, which is read and compared with the hash in the index when a
table is first evaluated. `python -m scripts.recording.choose` writes both.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families.recorded.grid import SHAPE, THRS

SEEDS = 3
"""Training seeds of each table."""
COUNTS_FILE, INDEX_FILE = "tables.npz", "index.json"
_HALF = len(THRS) // 2


class Tables(NamedTuple):
    """All tables, one after the other; thresholds vary fastest, learning rates slowest."""

    counts: NDArray[np.int16]
    """(cells, 2 seeds) true positives with each training seed, then false ones."""
    curves: NDArray[np.float64]
    """(cells / thresholds, 2 seeds) training loss with each seed, then accuracy at thr = 0.5."""


@cache
def index() -> dict[str, Any]:
    """The hash of the counts' file, and what is known of each table, by split."""
    return dict(json.loads(files(__package__).joinpath(INDEX_FILE).read_text(encoding="utf-8")))


@cache
def tables() -> Tables:
    """The tables of all splits, in the order of the index.

    Raises:
        ValueError: The file is damaged, or is of another version.
    """
    data = files(__package__).joinpath(COUNTS_FILE).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != index()["sha256"]:
        raise ValueError(
            f"{COUNTS_FILE} of the recorded tables has the hash {digest}, not "
            f"{index()['sha256']}: the installation is damaged; install hpo-gym again"
        )
    cards = [card for split in index()["splits"].values() for card in split]
    return unpacked(data, cards)


def packed(counts: NDArray[np.uint16], loss: NDArray[np.float32]) -> bytes:
    """The counts' file.

    Args:
        counts: (tables, seeds, 2, *SHAPE) true and false positives.
        loss: (tables, seeds, learning rates, epochs).
    """
    # Along the thresholds, counts fall slowly: the steps are small numbers.
    steps = np.diff(counts, axis=-1, prepend=np.uint16(0))
    steps = np.moveaxis(steps, (2, 1), (-2, -1))
    buffer = io.BytesIO()
    halves = np.moveaxis(loss, 1, -1).astype(np.float16)
    np.savez_compressed(buffer, steps=steps.astype(np.uint16), loss=halves)
    return buffer.getvalue()


def unpacked(data: bytes, cards: list[dict[str, Any]]) -> Tables:
    """The tables that `packed` made a file of.

    Args:
        data: The file.
        cards: For each table, numbers of "positives" and "negatives" of the validation part.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        steps, loss = file["steps"], file["loss"].astype(np.float64)
    counts = np.cumsum(steps.view(np.int16), axis=3, dtype=np.int16)
    positives, negatives = (
        np.array([card[kind] for card in cards])[:, None, None, None]
        for kind in ("positives", "negatives")
    )
    true, false = counts[:, :, :, _HALF, 0], counts[:, :, :, _HALF, 1]
    accuracy = (true + (negatives - false)) / (positives + negatives)
    curves = np.concatenate([loss, accuracy], axis=-1)
    return Tables(counts.reshape(-1, 2 * SEEDS), curves.reshape(-1, 2 * SEEDS))


def cells(table: int) -> slice:
    """The rows of `Tables.counts` that are of one table."""
    size = int(np.prod(SHAPE))
    return slice(table * size, (table + 1) * size)
