"""What a tuner's results depend on besides its settings: the files that it imports and reads.

`Watch` listens in the process that loads and runs the tuner; a *manifest* keeps what it heard, as
digests of contents by path, relative to the tuner's folder, so that a moved folder stays the same.

A file that could not be opened because there was none counts too: once it is there, results may be
others.

What Python itself does not open is not heard: files that a library in C opens by their names, and
what other programs read. Those the user names, see `AgentEntry.files`. Nor is it heard who only
asks whether a file is there (`os.path.exists`), and what an import that fails looked for.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import site
import stat
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from hpo_gym.families.optima import cache_folder

ABSENT = "absent"
"""In the place of a digest: there was no such file."""
_SYSTEM = ("/proc", "/sys", "/dev", "/bin", "/lib", "/usr/bin", "/usr/lib", "/usr/share")
_CACHES = "__pycache__"
_PACKAGES = {"site-packages", "dist-packages"}


def digest_of(path: str | Path) -> str:
    """SHA-256 of a file's content, hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def relative(files: Mapping[str, str], root: Path) -> dict[str, str]:
    """The manifest of some files: paths below the root count from there.

    Args:
        files: Digests by absolute path.
        root: The folder of the tuner's source.
    """
    return {_short(path, root): digest for path, digest in files.items()}


def absolute(manifest: Mapping[str, str], root: Path) -> dict[str, str]:
    """The files of a manifest, where the tuner's folder lies now: the inverse of `relative`."""
    return {str(root / path): digest for path, digest in manifest.items()}


def changed(manifest: Mapping[str, str], root: Path) -> list[str]:
    """Short names of the files whose content is another one now, that are gone, or that appeared.

    Args:
        manifest: Digests, see `relative`.
        root: The folder of the tuner's source, wherever it lies now.
    """
    different = [path for path, digest in manifest.items() if _now(root / path) != digest]
    return [Path(path).name if os.path.isabs(path) else path for path in different]


def _now(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError:
        return ABSENT


def _short(path: str, root: Path) -> str:
    # By its name if need be with resolved folders: the working folder's path is a resolved one.
    # Its last part never is: a link may point to another file tomorrow.
    file = Path(path)
    for candidate, folder in ((file, root), (file.parent.resolve() / file.name, root.resolve())):
        if candidate.is_relative_to(folder):
            return candidate.relative_to(folder).as_posix()
    return path


class Watch:
    """Hears which files this process reads, from now on until it ends.

    Made before a tuner is imported, once in a process: nothing that listens to Python can be told
    to stop. Files that the process wrote before it read them are its own and do not count, nor do
    those of the environment: the interpreter, installed packages, hpo_gym itself, the system.

    Args:
        root: The folder of the tuner's source. An environment around it, such as a `/usr` with a
            project in it, does not hide it.
    """

    def __init__(self, root: Path) -> None:
        self._outside = tuple(_environment(root.resolve()))
        self._before = {name: id(module) for name, module in sys.modules.items()}
        self._digests: dict[str, str] = {}
        self._own: set[str] = set()
        self._known: dict[str, bool] = {}
        self._hashing = threading.local()
        sys.addaudithook(self._hear)

    def files(self) -> dict[str, str]:
        """Digests by absolute path: the files read, and the sources of the modules imported.

        The digest is of the content at the first reading, `ABSENT` where there was none. Files that
        are gone, or have appeared, are left out: the tuner may have done that itself.
        """
        for name, module in list(sys.modules.items()):
            source = getattr(module, "__file__", None)
            new = self._before.get(name) != id(module)
            if new and isinstance(source, str) and os.path.isfile(source):
                self._note(source)
        return {
            path: digest
            for path, digest in self._digests.items()
            if os.path.isfile(path) == (digest != ABSENT)
        }

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or getattr(self._hashing, "busy", False):
            return
        self._hashing.busy = True  # reading a file to hash it is heard too
        try:
            for path, written in _EVENTS[event](*arguments):
                self._note(path, written=written)
        except (OSError, TypeError, ValueError):
            pass  # no file's name: whoever opens it will be told so
        finally:
            self._hashing.busy = False

    def _note(self, path: str | bytes, *, written: bool = False) -> None:
        path = os.path.abspath(os.fsdecode(path))
        folder, name = os.path.split(path)
        if os.path.basename(folder) == _CACHES and name.endswith(".pyc"):
            path = source_from_cache(path)
            folder = os.path.dirname(path)
        known = self._digests.get(path, ABSENT) != ABSENT
        if known or path in self._own or self._is_outside(folder):
            return
        if written:
            self._digests.pop(path, None)
            self._own.add(path)
        elif not os.path.exists(path):
            self._digests[path] = ABSENT
        elif stat.S_ISREG(os.stat(path).st_mode):
            self._digests[path] = digest_of(path)

    def _is_outside(self, folder: str) -> bool:
        if folder not in self._known:
            self._known[folder] = any(
                f"{place}{os.sep}".startswith(self._outside)
                or not {*_PACKAGES, _CACHES}.isdisjoint(place.split(os.sep))
                for place in (folder, os.path.realpath(folder))
            )
        return self._known[folder]


def _environment(root: Path) -> Iterator[str]:
    """The folders of the environment, each with a separator at its end."""
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    folders += [*_SYSTEM, str(Path(__file__).parents[1]), str(cache_folder())]
    folders += [*getattr(site, "getsitepackages", list)(), site.getusersitepackages()]
    folders += [sys.pycache_prefix] if sys.pycache_prefix else []
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    folders += [prefix for prefix in prefixes if not root.is_relative_to(Path(prefix).resolve())]
    for folder in folders:
        for path in {os.path.abspath(folder), os.path.realpath(folder)}:
            yield path.rstrip(os.sep) + os.sep


_Heard = Iterable[tuple[Any, bool]]
"""Paths, and whether they are opened to be written."""


def _opened(path: Any, mode: Any, flags: Any) -> _Heard:
    if isinstance(path, (str, bytes)):
        # With O_RDWR alone, as `np.memmap` does by default, what was there matters.
        yield path, flags & (os.O_WRONLY | os.O_CREAT | os.O_TRUNC) != 0


def _connected(path: Any) -> _Heard:
    if isinstance(path, (str, bytes, os.PathLike)):
        name = os.fsdecode(path).removeprefix("file:").partition("?")[0]
        yield name, not os.path.exists(name)


def _started(executable: Any, arguments: Any, folder: Any, environment: Any) -> _Heard:
    """The files among a program's arguments, also those within a line for the shell."""
    words = [arguments] if isinstance(arguments, (str, bytes)) else list(arguments)
    for word in [*words, executable]:
        if not isinstance(word, (str, bytes, os.PathLike)):
            continue
        text = os.fsdecode(word)
        for part in (text, *_words(text)):
            path = os.path.join(folder or os.curdir, part)
            if os.path.isfile(path):
                yield path, False


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quotation that does not end
        return []


_EVENTS: dict[str, Callable[..., _Heard]] = {
    "open": _opened,
    "os.rename": lambda source, path, *_: [(path, True)],
    "sqlite3.connect": _connected,
    "subprocess.Popen": _started,
    "os.exec": lambda path, words, environment: _started(path, words, None, environment),
    "os.posix_spawn": lambda path, words, environment: _started(path, words, None, environment),
    "os.system": lambda line: _started(None, [line], None, None),
    "ctypes.dlopen": lambda name: [(name, False)] if name and os.path.isfile(name) else [],
}
"""What is heard; see Python's table of audit events."""
