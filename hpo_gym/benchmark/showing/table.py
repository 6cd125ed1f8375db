"""A table of texts, for a terminal and in Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

_NAME = 16
"""Longer names are cut in the terminal."""
_WIDTH = 118


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        title: What it shows.
        header: Names of the columns.
        rows: Cells; a row may end early.
        notes: What the reader has to know besides.
        meanings: What columns show, by their names; "IQM@n" stands for "IQM@1", "IQM@2" ...
        marked: First cells of the rows that are the reader's own.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    marked: Collection[str] = ()

    @property
    def explanation(self) -> str:
        """The meanings of the columns, then the notes."""
        words = [f"{name}: {meaning}." for name, meaning in self.meanings.items()]
        return " ".join([*words, self.notes]).strip()

    def meaning(self, heading: str) -> str:
        """What a column shows, "" if nobody said."""
        general = re.sub(r"\d+$", "n", heading)
        return self.meanings.get(heading, self.meanings.get(general, ""))

    def text(self) -> str:
        """The table for a terminal: the first column to the left, the others to the right."""
        parts = [self.title, self.cells(), textwrap.fill(self.explanation, _WIDTH)]
        return "\n".join(part for part in parts if part)

    def cells(self) -> str:
        """The header and the rows as `text` has them; ">" before those that are marked."""
        lines = [[self._pointed(line[0])[:_NAME], *line[1:]] for line in self._lines()]
        widths = self._widths(lines)
        text = []
        for first, *others in lines:
            cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            text.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
        return "\n".join(text)

    def markdown(self) -> str:
        """The table alone, in Markdown with aligned columns; marked rows have bold names."""
        lines = [
            [f"**{line[0]}**" if line[0] in self.marked else line[0], *line[1:]]
            for line in self._lines()
        ]
        widths = self._widths(lines)
        text = [
            "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
            for line in lines
        ]
        text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(text)

    def _pointed(self, name: str) -> str:
        return f"> {name}" if name in self.marked else name

    def _lines(self) -> list[list[str]]:
        return [
            [*line, *[""] * (len(self.header) - len(line))] for line in (self.header, *self.rows)
        ]

    @staticmethod
    def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
        return [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
