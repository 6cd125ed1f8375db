"""Tables of the user: CSV files as arrays for scikit-learn.

A column is of numbers if every cell that is not empty is one, else of text. A missing number is
nan, a missing text is "", which is a value like any other. Delimiters are the comma, the semicolon
(with which numbers may have decimal commas), the tab or the bar, whichever the first line has most.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
"""Cells that hold nothing, in small letters."""
MOST_CLASSES = 20
"""Targets of whole numbers are classes if there are at most so many, with three rows each."""


@dataclass(frozen=True)
class Table:
    """Rows to learn from.

    Attributes:
        inputs: (rows, columns), float64, or objects if there are columns of text.
        targets: (rows,) float64, or for classification whole numbers or text.
        task: "classification" or "regression".
        columns: Names of the columns of the inputs.
        text: Which of them hold text, by number.
        notes: What was left out, for the user to read.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    task: str
    columns: tuple[str, ...]
    text: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def read_inputs(self, path: str | Path) -> NDArray[Any]:
        """The same columns of another file, in any order there, such as rows to predict.

        Raises:
            ValueError: A column is missing, or one of numbers has text.
        """
        cells = _Cells.read(Path(path))
        columns = [
            _texts(cells.column(name)) if i in self.text else _numbers(cells, name, must=True)
            for i, name in enumerate(self.columns)
        ]
        return _stacked(columns, self.text)


def read_table(path: str | Path, target: str, task: str | None = None) -> Table:
    """The table in a CSV file with a first line of names.

    Args:
        path: The file.
        target: Name of the column to predict; rows without it are left out.
        task: "classification" or "regression"; None tells by the target: text, or few whole
            numbers, are classes.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no table, has no such column, or nothing to learn from.
    """
    cells = _Cells.read(Path(path))
    known = [not _missing(cell) for cell in cells.column(target)]
    notes = []
    if not all(known):
        empty = sorted({cell for cell in cells.column(target) if _missing(cell)})
        left_out = f"{known.count(False)} rows without {target!r} are left out"
        notes.append(f"{left_out}: those with {', '.join(map(repr, empty))}")
        cells = cells.rows_where(known)
    if not cells.rows:
        raise ValueError(f"{path}: there are no rows with a value in the column {target!r}")
    targets, task = _targets(cells, target, task)
    names: list[str] = []
    columns: list[Any] = []
    for name in cells.names:
        if name == target:
            continue
        column = _numbers(cells, name)
        if column is None:
            notes.extend(_text_among_numbers(cells, name))
        reason = _useless(cells.column(name), column)
        if reason:
            notes.append(f"the column {name!r} is left out: {reason}")
            continue
        names.append(name)
        columns.append(_texts(cells.column(name)) if column is None else column)
    if not columns:
        why = "; ".join(notes) or "it is the only one"
        raise ValueError(f"{path}: there is no column to predict {target!r} from: {why}")
    text = tuple(i for i, column in enumerate(columns) if column.dtype == object)
    return Table(_stacked(columns, text), targets, task, tuple(names), text, tuple(notes))


@dataclass(frozen=True)
class _Cells:
    """A file as it is: text in rows."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    decimal_comma: bool

    @classmethod
    def read(cls, path: Path) -> _Cells:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8 ({error}); save it as 'CSV UTF-8'") from error
        first = text.partition("\n")[0]
        delimiter = max(",;\t|", key=first.count)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error as error:
            raise ValueError(f"{path} is no CSV file: {error}") from error
        rows = [[cell.strip() for cell in row] for row in rows]
        numbered = [(i, row) for i, row in enumerate(rows, 1) if any(row)]
        if not numbered:
            raise ValueError(f"{path} is empty; its first line must name the columns")
        (_, names), *rest = numbered
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice or "" in names:
            raise ValueError(
                f"{path}: every column needs a name of its own in the first line, got {names}"
            )
        for i, row in rest:
            if len(row) != len(names):
                raise ValueError(
                    f"{path}: row {i} has {len(row)} cells, the first has {len(names)} (separated "
                    f"by {delimiter!r})"
                )
        return cls(path, names, [row for _, row in rest], delimiter == ";")

    def column(self, name: str) -> list[str]:
        if name not in self.names:
            raise ValueError(f"{self.path} has no column {name!r}; choose from {self.names}")
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def rows_where(self, wanted: Sequence[bool]) -> _Cells:
        rows = [row for row, there in zip(self.rows, wanted, strict=True) if there]
        return _Cells(self.path, self.names, rows, self.decimal_comma)


def _missing(cell: str) -> bool:
    return cell.lower() in MISSING


def _number(cells: _Cells, cell: str) -> float | None:
    """The number in a cell, nan if there is none, None if there is text."""
    shown = cell.replace(",", ".") if cells.decimal_comma else cell
    try:
        number = nan if _missing(cell) else float(shown)
    except ValueError:
        return None
    return None if "_" in cell else number  # Python's 1_000 is nobody else's


def _numbers(cells: _Cells, name: str, *, must: bool = False) -> NDArray[np.float64] | None:
    """A column of numbers; None if there is text in it."""
    column = cells.column(name)
    numbers = [_number(cells, cell) for cell in column]
    for number, cell in zip(numbers, column, strict=True):
        if number is None:
            if must:
                raise ValueError(f"{cells.path}: {name} = {cell!r} must be a number, or empty")
            return None
    for number, cell in zip(numbers, column, strict=True):
        if isinf(number):  # type: ignore[arg-type]
            raise ValueError(f"{cells.path}: {name} = {cell!r} must be finite; leave it empty")
    return np.array(numbers, dtype=np.float64)


def _first_text(cells: _Cells, name: str) -> str:
    return next(cell for cell in cells.column(name) if _number(cells, cell) is None)


def _text_among_numbers(cells: _Cells, name: str) -> list[str]:
    """A note on a column of text that might have been meant to be one of numbers."""
    held = [cell for cell in cells.column(name) if not _missing(cell)]
    if 2 * sum(_number(cells, cell) is not None for cell in held) < len(held):
        return []
    first = _first_text(cells, name)
    return [f"the column {name!r} is read as text: {first!r} is no number; leave such cells empty"]


def _texts(column: list[str]) -> NDArray[Any]:
    return np.array(["" if _missing(cell) else cell for cell in column], dtype=object)


def _stacked(columns: Sequence[Any], text: Sequence[int]) -> NDArray[Any]:
    inputs = np.empty((len(columns[0]), len(columns)), dtype=object if text else np.float64)
    for i, column in enumerate(columns):
        inputs[:, i] = column
    return inputs


def _useless(column: list[str], numbers: NDArray[np.float64] | None) -> str | None:
    """Why nothing can be learned from a column; None if something can."""
    kinds = set(map(str.lower, column))
    if len(kinds) == 1 or kinds <= set(MISSING):
        return "all of its cells are equal, or empty"
    if numbers is None and len(kinds) > 0.9 * len(column):
        return f"its text is another one in nearly every row, such as {column[0]!r}"
    return None


def _targets(cells: _Cells, name: str, task: str | None) -> tuple[NDArray[Any], str]:
    """The targets, and the task that was given or that they tell."""
    column, numbers = cells.column(name), _numbers(cells, name)
    if numbers is None:
        if task == "regression":
            text = _first_text(cells, name)
            raise ValueError(
                f"{cells.path}: {name} = {text!r} is no number; leave --task regression out"
            )
        return np.array(column), "classification"
    whole = bool((numbers == np.rint(numbers)).all())
    few = len(np.unique(numbers)) <= min(MOST_CLASSES, len(numbers) / 3)
    task = task or ("classification" if whole and few else "regression")
    if task == "regression":
        return numbers, task
    return (numbers.astype(np.int64) if whole else np.array(column)), task
