"""Estimators of scikit-learn as the Python code that makes them."""

from __future__ import annotations

import json
import sys
from inspect import signature
from textwrap import indent
from typing import Any

_WIDTH = 88
"""Longer calls have a line for each argument."""


class Code:
    """Expressions, and the imports that they need.

    Example:
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.svm import SVC
        >>> code = Code()
        >>> code.of(make_pipeline(SVC(C=0.5)))
        'Pipeline([("svc", SVC(C=0.5))])'
        >>> print(code.imports)
        from sklearn.pipeline import Pipeline
        from sklearn.svm import SVC
    """

    def __init__(self) -> None:
        self._imports: set[str] = set()

    @property
    def imports(self) -> str:
        """The lines that the expressions so far need first."""
        return "\n".join(sorted(self._imports))

    def of(self, value: Any) -> str:
        """An expression whose value equals this one: numbers, text, lists, estimators of them."""
        if isinstance(value, (list, tuple)):
            parts = [self.of(part) for part in value]
            if isinstance(value, list):
                return _bracket("[", parts, "]")
            return _bracket("(", parts, ",)" if len(parts) == 1 else ")")
        if hasattr(value, "get_params"):
            return self._estimator(value)
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)

    def _estimator(self, estimator: Any) -> str:
        kind = type(estimator)
        # "sklearn.svm._classes" is "sklearn.svm" to its users.
        module = ".".join(p for p in kind.__module__.split(".") if not p.startswith("_"))
        if not hasattr(sys.modules.get(module), kind.__name__):
            # "sklearn.ensemble._hist_gradient_boosting.gradient_boosting"
            module = kind.__module__.split("._")[0]
        self._imports.add(f"from {module} import {kind.__name__}")
        values = estimator.get_params(deep=False)
        arguments = []
        for i, (name, parameter) in enumerate(signature(kind).parameters.items()):
            if repr(values[name]) != repr(parameter.default):
                first = i == 0 and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
                arguments.append(("" if first else f"{name}=") + self.of(values[name]))
        return _bracket(f"{kind.__name__}(", arguments, ")")


def _bracket(start: str, parts: list[str], end: str) -> str:
    line = start + ", ".join(parts) + end
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    if len(parts) == 1 and parts[0].startswith("["):
        return start + parts[0] + end  # one pair of brackets less deep
    return start + "\n" + indent("".join(f"{part},\n" for part in parts), "    ") + end.lstrip(",")
