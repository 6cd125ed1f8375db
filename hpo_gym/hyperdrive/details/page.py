"""The page's HTML: one text without any reference to a file or an address."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

_SCRIPTS = ("dom.js", "scales.js", "charts.js", "lines.js", "parallel.js", "table.js", "page.js")


def page_html(data: dict[str, Any]) -> str:
    """The page with what it shows at first.

    What users wrote is in it as JSON alone, in which no tag can begin, and the page makes texts of
    it, never HTML. In addition a browser is told to run this one script.

    Args:
        data: What `look_at` gives, and "live": whether the page asks for more; if not, the "logs".
    """
    script, style = "\n".join(map(_file, _SCRIPTS)), _file("page.css")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Template(_file("page.html")).substitute(
        policy=policy,
        title=escape(data["id"]),
        style=style,
        data=text.replace("<", "\\u003c"),
        script=script,
    )


def _hash(text: str) -> str:
    """By which a browser knows the script or style that it may use."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
