"""Write the page with a card for each recorded task.

    python -m scripts.recording.cards

The page is docs/recorded-tasks.md; it says what the index of the tables says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from hpo_gym.families import RecordedFamily
from hpo_gym.files import write_atomic

_HEAD = """# The recorded tasks

A card for each task of the family `recorded` ([how they were recorded](recorded.md)), written by
`python -m scripts.recording.cards`. The source names package, data set and positive class; rows are
cases, inputs what the classifier sees of each; positive is the share of positive cases. Of the mean
F1 of the training seeds: the best; the median of the search space; the share of the search space
within 5 % of the best; what 16 random evaluations without noise reach on average, and the regret
that this leaves, which says whether a task is easy (below 5 %), medium or hard (from 10 % on).
"""
_COLUMNS = (
    "task | source | rows | inputs | positive | model | best F1 | median | within 5 % | random 16"
    " | regret | difficulty"
)


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    out: Path = Path("docs/recorded-tasks.md")
    """The page to write."""


def page() -> str:
    """The page."""
    family = RecordedFamily()
    parts = [_HEAD]
    for split, size in family.sizes.items():
        cards = [family.card(split, task) for task in range(size)]
        origins = len({card["origin"] for card in cards})
        parts.append(f"## {split}: {size} tasks of {origins} origins\n")
        parts.append("\n".join(_table(cards)) + "\n")
    return "\n".join(parts)


def _table(cards: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| {_COLUMNS} |"
    yield "|---" * len(_COLUMNS.split("|")) + "|"
    for task, card in enumerate(cards):
        share = card["positives"] / (card["positives"] + card["negatives"])
        reached = card["best"] * (1.0 - card["random"])
        cells = [
            *[str(task), f"`{card['source']}`", str(card["rows"]), str(card["columns"])],
            *[f"{share:.0%}", card["model"], f"{card['best']:.3f}", f"{card['median']:.3f}"],
            *[f"{card['near']:.1%}", f"{reached:.3f}", f"{card['random']:.1%}"],
            card["difficulty"],
        ]
        yield f"| {' | '.join(cells)} |"


def main(arguments: Arguments) -> None:
    """Write the page."""
    write_atomic(arguments.out, page())
    print(arguments.out)


if __name__ == "__main__":
    main(tyro.cli(Arguments, description=__doc__))
