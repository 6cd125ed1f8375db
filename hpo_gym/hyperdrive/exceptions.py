"""HyperDrive's exceptions."""

from __future__ import annotations

from typing import Literal, TypeAlias

Refuser: TypeAlias = Literal["SDK", "service"]

_BY = {
    "SDK": " (HyperDrive's SDK refuses this, too)",
    "service": " (HyperDrive's service refuses this, not its SDK)",
    None: "",
}


class HyperDriveConfigException(ValueError):  # noqa: N818 (HyperDrive's name)
    """A declaration that HyperDrive refuses, or that means nothing.

    Args:
        message: What is wrong, with the value, and what to do about it.
        by: Who refuses it in HyperDrive; None where that is not known.
    """

    def __init__(self, message: str, by: Refuser | None = None) -> None:
        super().__init__(message, by)
        self.by = by

    def __str__(self) -> str:
        message, by = self.args
        return f"{message}{_BY[by]}"


class HyperDriveNotImplementedException(NotImplementedError):  # noqa: N818
    """A query that HyperDrive's runs have in common with other runs, but do not answer."""
