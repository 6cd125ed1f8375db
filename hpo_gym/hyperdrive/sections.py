"""Values of a YAML file, checked: errors name the key, the value and what it may be.

Azure's client refuses unknown keys and words when it reads a file; bounds are checked by its
service, later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException, Refuser


def section(
    value: Any, where: str, required: Sequence[str] = (), known: Sequence[str] = ()
) -> dict[str, Any]:
    """The value, a mapping with all required keys and no unknown one."""
    keys = (*required, *known)
    if not isinstance(value, dict):
        raise HyperDriveConfigException(
            f"{where} = {value!r} must have the keys {', '.join(keys)}", "SDK"
        )
    for key in required:
        if key not in value:
            raise HyperDriveConfigException(f"{where} has no {key!r}; add it", "SDK")
    for key in value:
        if key not in keys:
            raise HyperDriveConfigException(
                f"{where} has the unknown key {key!r}; it may have {', '.join(keys)}", "SDK"
            )
    return value


def word(value: Any, where: str, words: Sequence[str]) -> str:
    """The value in lower case, one of the words."""
    if not (isinstance(value, str) and value.lower() in words):
        raise HyperDriveConfigException(f"{where} = {value!r} must be {' or '.join(words)}", "SDK")
    return value.lower()


def number(value: Any, where: str) -> float:
    """The value, a number; YAML 1.1 reads 1e-4, which has no point, as a string."""
    try:
        read = float(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    if not isinstance(read, (int, float)) or isinstance(read, bool):
        raise HyperDriveConfigException(f"{where} = {value!r} must be a number", "SDK")
    return read


def whole(value: Any, where: str) -> int:
    """The value, a whole number."""
    read = number(value, where)
    if read % 1 != 0:
        raise HyperDriveConfigException(f"{where} = {value!r} must be a whole number", "SDK")
    return int(read)


def count(value: Any, where: str, most: int) -> int:
    """The value, a whole number in [1, most]."""
    read = whole(value, where)
    if not 1 <= read <= most:
        raise HyperDriveConfigException(f"{where} = {value!r} must lie in [1, {most}]", "service")
    return read


def seconds(value: Any, where: str) -> float:
    """The value, a time."""
    read = number(value, where)
    if not read > 0:
        raise HyperDriveConfigException(
            f"{where} = {value!r} must be above 0 seconds; leave it out for no limit", "service"
        )
    return read


@contextmanager
def at(where: str) -> Iterator[None]:
    """Errors of what is made here say where; Azure's client would have let the value pass."""
    try:
        yield
    except HyperDriveConfigException as error:
        by: Refuser | None = "service" if error.by else None
        raise HyperDriveConfigException(f"{where}: {error.args[0]}", by) from None
    except ValueError as error:
        raise HyperDriveConfigException(f"{where}: {error}") from None
