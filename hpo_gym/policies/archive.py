"""The two files of a policy, as bytes of unknown origin: they are read, and nothing is run.

Sizes are checked before memory is taken, so that a small file that claims to hold a huge array, or
unpacks to one, is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from hpo_gym.files import write_atomic

MOST_BYTES: Final = 2**28
"""Of an npz file, and of all its arrays together, unpacked: 256 MiB."""
MOST_TEXT: Final = 2**20
"""Bytes of a json file: 1 MiB."""
MOST_ARRAYS: Final = 1_000

REMEDY = "restore both files of the pair from their source, or train the policy again"


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Make a ValueError of whatever goes wrong: the errors of damaged files are of many kinds."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{what}: {error or type(error).__name__}: {REMEDY}") from error


def load_pair(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the description in a pair of files.

    Args:
        path: Either file of the pair, or their common stem.

    Raises:
        FileNotFoundError: One of the two files does not exist.
        ValueError: A file is corrupt or too large, or the two do not belong together.
    """
    npz, text = _pair(path)
    for file in (npz, text):
        if not file.is_file():
            raise FileNotFoundError(
                f"there is no policy file {file}; a policy is the pair {npz.name} and "
                f"{text.name}: {REMEDY}"
            )
    description, data = read_json(text), read_bytes(npz, MOST_BYTES)
    expected = description.get("sha256")
    if hashlib.sha256(data).hexdigest() != expected:
        raise ValueError(
            f"policy file {npz} is corrupt, truncated or of another policy: it does not have "
            f"the SHA-256 that {text.name} states ({expected}): {REMEDY}"
        )
    with refusing(f"policy files {npz} and {text}"):
        return read_npz(data), description


def save_pair(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], description: dict[str, Any]
) -> Path:
    """Write a pair of files, each atomically, and the npz file's digest into the description.

    Args:
        path: The stem, or either file of the pair.
        arrays: The arrays by name.
        description: JSON-able.

    Returns:
        The path of the npz file.
    """
    npz, text = _pair(path)
    buffer = io.BytesIO()
    # NumPy's stub takes the names for those of its own keyword arguments.
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    data = buffer.getvalue()
    description["sha256"] = hashlib.sha256(data).hexdigest()
    write_atomic(npz, data)
    write_atomic(text, json.dumps(description, indent=2) + "\n")
    return npz


def _pair(path: str | Path) -> tuple[Path, Path]:
    """The npz and the json file of a policy."""
    path = Path(path)
    stem = path.name.removesuffix(".npz").removesuffix(".json")
    return path.with_name(f"{stem}.npz"), path.with_name(f"{stem}.json")


def read_bytes(file: Path, most: int) -> bytes:
    """The contents of a file of at most so many bytes."""
    size = file.stat().st_size
    if size > most:
        raise ValueError(
            f"policy file {file} has {size} bytes, a policy's has at most {most}: {REMEDY}"
        )
    return file.read_bytes()


def read_json(file: Path) -> dict[str, Any]:
    """The description in a json file.

    Raises:
        ValueError: It is not UTF-8, not JSON, too deeply nested, too large, or not an object.
    """
    data = read_bytes(file, MOST_TEXT)
    with refusing(f"policy file {file} holds no JSON object"):
        description = json.loads(data.decode())
        if not isinstance(description, dict):
            raise ValueError(f"it holds a {type(description).__name__}")
    return description


def read_npz(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file.

    Raises:
        ValueError: There are too many arrays, or too large ones; one occurs twice, is not as large
            as it says, or holds Python objects. Damaged archives raise further errors.
    """
    arrays: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        if len(members) > MOST_ARRAYS or size > MOST_BYTES:
            raise ValueError(
                f"the npz file holds {len(members)} arrays of {size} bytes, a policy's at most "
                f"{MOST_ARRAYS} of {MOST_BYTES}"
            )
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise ValueError(f"the array {name!r} occurs twice")
            with archive.open(member) as stream:
                _check_header(name, stream, member.file_size)
            with archive.open(member) as stream:
                arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
    return arrays


def _check_header(name: str, stream: IO[bytes], size: int) -> None:
    """Check that an array is as large as its header says, and made of numbers."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.hasobject:
        raise ValueError(
            f"the array {name!r} holds Python objects, which could run code when they are read: "
            "a policy holds numbers only (allow_pickle=False)"
        )
    claimed, there = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if claimed != there:
        raise ValueError(
            f"the array {name!r} claims to be {shape} {dtype}, which are {claimed} bytes, and the "
            f"file has {there} of them"
        )
