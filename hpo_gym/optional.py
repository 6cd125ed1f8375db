"""Optional libraries: imported where they are used, with a message that says how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def optional(module: str, *, extra: str, user: str) -> Any:
    """Import a module of an optional library.

    Args:
        module: Its full name.
        extra: The extra of hpo-gym that installs it.
        user: What needs it, for the message.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{user} needs {module.partition('.')[0]}: pip install 'hpo-gym[{extra}]'"
        ) from error
