"""Objects by name: "module:attribute", or "path/to/file.py:attribute" for what is in no package."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
from functools import reduce
from importlib.machinery import PathFinder
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

_FILE_MODULE = "hpo_gym_file_"
"""What the names of modules begin with that were loaded from a file."""


def split(reference: str) -> tuple[str, str]:
    """The module or file of a reference, and the attribute.

    Raises:
        ValueError: It is neither "module:attribute" nor "path/to/file.py:attribute".
    """
    source, _, attribute = reference.rpartition(":")
    if not source or not all(part.isidentifier() for part in attribute.split(".")):
        raise ValueError(
            f"{reference!r} cannot be imported: it must be 'module:attribute' or "
            "'path/to/file.py:attribute'"
        )
    return source, attribute


def load(reference: str) -> Any:
    """The object that a reference names; its module is imported.

    Raises:
        ValueError: The reference is spelt wrongly, the module cannot be imported, or it has no such
            attribute.
    """
    source, attribute = split(reference)
    try:
        return reduce(getattr, attribute.split("."), load_module(source))
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{reference!r} cannot be imported: {error}") from error


def load_module(source: str) -> ModuleType:
    """The module of a name, or of a path to a file.py; it is imported once.

    Raises:
        ValueError: It cannot be imported, for whatever reason: also its own errors, and `sys.exit`.
    """
    try:
        return _load_file(Path(source)) if _is_file(source) else importlib.import_module(source)
    except (Exception, SystemExit) as error:
        # The innermost place that somebody wrote; none in a module that is not even found.
        frames = [f for f in extract_tb(error.__traceback__) if not f.filename.startswith("<")]
        file, line = frames[-1].filename, frames[-1].lineno
        if file in (__file__, importlib.__file__):
            raise ValueError(str(error)) from error
        name = type(error).__name__
        raise ValueError(f"it fails at {file}, line {line}: {name}: {error}") from error


def load_copy(path: str, copy: str) -> ModuleType:
    """The module of a file from a copy of it; by the file's own path it is found from now on.

    Args:
        path: The full path of the file, which need not be there.
        copy: Where its copy is; it may be the file itself.
    """
    return _load_file(Path(path), Path(copy))


def reference_to(thing: Any) -> str:
    """The reference that another process can `load` a class or a function from.

    Raises:
        ValueError: It is not at the top level of a module.
    """
    name, attribute = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    module = sys.modules.get(name) if isinstance(name, str) else None
    source = name
    if name == "__main__" and "<locals>" not in attribute:
        return f"{_guarded_main()}:{attribute}"
    if module is not None and module.__name__.startswith(_FILE_MODULE):
        source = str(module.__file__)
    reference = f"{source}:{attribute}"
    if module is None or "<locals>" in attribute or load(reference) is not thing:
        raise ValueError(
            f"{thing!r} cannot be found by another process: define it at the top level of a module"
        )
    return reference


def _guarded_main() -> Path:
    """The file of the script that runs, which other processes can import.

    Raises:
        ValueError: There is none, or importing it would run it again.
    """
    path = _file_of("__main__")
    if path is None or not path.is_file():
        raise ValueError(
            "what is defined interactively cannot be found by another process: put it into a file"
        )
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            return path.resolve()
    raise ValueError(
        f"other processes import {path}, which would run it again: put what it does under "
        'if __name__ == "__main__":'
    )


def source_file(reference: str) -> Path:
    """The file that a reference points into. Nothing is imported.

    Raises:
        ValueError: There is no such file.
    """
    source, _ = split(reference)
    path = Path(source) if _is_file(source) else _file_of(source)
    if path is None or not path.is_file():
        kind = "file" if _is_file(source) else "module with a source file on Python's path called"
        raise ValueError(f"{reference!r}: there is no {kind} {source!r}")
    return path


def check(reference: str) -> None:
    """Check that a reference may lead somewhere, as far as one can tell without importing it.

    Raises:
        ValueError: There is no such file, or it mentions no such attribute.
    """
    path, name = source_file(reference), split(reference)[1].split(".")[0]
    if path.suffix != ".py":
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{reference!r}: {path} is no Python file: {error}") from error
    fields = ("name", "asname", "id", "value")  # of definitions, imports, variables and texts
    mentioned = {getattr(node, field, None) for node in ast.walk(tree) for field in fields}
    if mentioned.isdisjoint((name, "*", "__getattr__")):
        kinds = (ast.ClassDef, ast.FunctionDef)
        defined = [node.name for node in tree.body if isinstance(node, kinds)]
        raise ValueError(f"{reference!r}: {path} has no {name!r}; it defines {defined}")


def source_root(reference: str) -> Path:
    """The folder in which the source of a reference begins.

    That of the file, or the one that the top-level package lies in.

    Raises:
        ValueError: There is no such file or module.
    """
    (source, _), path = split(reference), source_file(reference).resolve()
    packages = 0 if _is_file(source) else source.count(".") + (path.name == "__init__.py")
    return path.parents[packages]


def absolute(reference: str) -> str:
    """The reference, with the full path if it points into a file."""
    source, attribute = split(reference)
    return f"{absolute_source(source)}:{attribute}"


def absolute_source(source: str) -> str:
    """The name of a module, or the full path of a file."""
    return str(Path(source).resolve()) if _is_file(source) else source


def _is_file(source: str) -> bool:
    return source.endswith(".py")


def _file_of(module: str) -> Path | None:
    if module == "__main__":  # it has no specification if it was started as a script
        file = getattr(sys.modules[module], "__file__", None)
        return None if file is None else Path(file)
    top, *rest = module.split(".")
    specification, name = importlib.util.find_spec(top), top
    for part in rest:
        # `find_spec` of a dotted name would import the packages before the dots.
        folders = specification.submodule_search_locations if specification else None
        name = f"{name}.{part}"
        specification = PathFinder.find_spec(name, folders) if folders else None
    if specification is None or not specification.has_location or not specification.origin:
        return None
    return Path(specification.origin)


def _load_file(path: Path, copy: Path | None = None) -> ModuleType:
    """The module of a file, or of a copy; it may import its neighbours, as a script may."""
    path = path.resolve()
    source = path if copy is None else copy
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"{_FILE_MODULE}{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    specification = importlib.util.spec_from_file_location(name, source)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(specification)
    if str(source.parent) not in sys.path:
        sys.path.append(str(source.parent))
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
