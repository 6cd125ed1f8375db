"""A table of texts, for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAME = 16
"""Longer names are cut in the terminal."""


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        title: What it shows.
        header: Names of the columns.
        rows: Cells; a row may end early.
        notes: What the reader has to know.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: str = ""

    def text(self) -> str:
        """The table for a terminal: the first column to the left, the others to the right."""
        lines = [[line[0][:_NAME], *line[1:]] for line in self._lines()]
        widths = self._widths(lines)
        text = []
        for first, *others in lines:
            cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            text.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
        parts = [self.title, "\n".join(text), self.notes]
        return "\n".join(part for part in parts if part)

    def markdown(self) -> str:
        """The table alone, in Markdown with aligned columns."""
        lines = self._lines()
        widths = self._widths(lines)
        text = [
            "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
            for line in lines
        ]
        text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(text)

    def _lines(self) -> list[list[str]]:
        return [
            [*line, *[""] * (len(self.header) - len(line))] for line in (self.header, *self.rows)
        ]

    @staticmethod
    def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
        return [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
