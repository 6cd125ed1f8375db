"""HyperDrive's live view of a run, as a page that needs no network."""

from __future__ import annotations

import json
import sys
import threading
import webbrowser
from importlib import import_module
from pathlib import Path
from typing import Any

from hpo_gym.files import write_atomic
from hpo_gym.hyperdrive.details.logs import MOST_BYTES, Log, child_log, run_log
from hpo_gym.hyperdrive.details.look import look_at
from hpo_gym.hyperdrive.details.page import page_html
from hpo_gym.hyperdrive.details.server import Answer, Server
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun

MOST_LOGS = 2 * 2**20
"""Bytes of the logs in a file, all of them together."""
_HEIGHT = 900
"""Pixels of the page in a notebook."""


class RunDetails:
    """A page with a run's properties, children, learning curves, hyperparameters and logs.

    Args:
        run_instance: A `HyperDriveRun`.

    Raises:
        ValueError: It is another kind of run.
    """

    def __init__(self, run_instance: HyperDriveRun) -> None:
        if not isinstance(run_instance, HyperDriveRun):
            raise ValueError(
                f"run_instance = {run_instance!r} must be a HyperDriveRun; a child's is its parent"
            )
        self._run, self._config = run_instance, run_instance.hyperdrive_config
        self._server: Server | None = None
        self._lock = threading.Lock()  # pages may ask at the same time

    def show(self, *, open_browser: bool = False) -> None:
        """Show the page: in a Jupyter notebook in its place there, elsewhere by its address.

        It follows the run until that has ended, and is served by this process as long as this
        lives, or until `close`.

        Args:
            open_browser: Whether to open the address in a browser.
        """
        if self._server is None:
            self._server = Server({"": self._page, "data.json": self._data, "log.json": self._log})
        print(f"{self._run.id}: {self._server.address}")
        if (jupyter := _jupyter()) is not None:
            jupyter.display(jupyter.IFrame(self._server.address, width="100%", height=_HEIGHT))
        if open_browser:
            webbrowser.open(self._server.address)

    @property
    def address(self) -> str | None:
        """Address of the page, None before `show` and after `close`."""
        return None if self._server is None else self._server.address

    def close(self) -> None:
        """Serve the page no longer."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def save(self, path: str | Path) -> Path:
        """Write the page as it is now, with the ends of all logs, into one HTML file.

        Args:
            path: The file.

        Returns:
            The file.
        """
        data = self.get_widget_data()
        each = min(MOST_BYTES, MOST_LOGS // (len(data["children"]) + 1))
        logs = {"run": run_log(self._run)._asdict()}
        for child in data["children"]:
            number = child["number"]
            logs[str(number)] = child_log(self._run, number, each)._asdict()
        write_atomic(path, page_html({**data, "live": False, "logs": logs}))
        return Path(path)

    def get_widget_data(self) -> dict[str, Any]:
        """What the page shows, but for logs; it can be written as JSON."""
        with self._lock:
            return look_at(self._run, self._config)

    def _page(self, query: dict[str, str]) -> Answer:
        return page_html({**self.get_widget_data(), "live": True}), "text/html"

    def _data(self, query: dict[str, str]) -> Answer:
        return _json(self.get_widget_data())

    def _log(self, query: dict[str, str]) -> Answer:
        which = query.get("of", "run")
        log: Log = run_log(self._run) if which == "run" else child_log(self._run, int(which))
        return _json(log._asdict())


def _json(value: Any) -> Answer:
    return json.dumps(value, allow_nan=False, separators=(",", ":")), "application/json"


def _jupyter() -> Any:
    """IPython's display if a notebook runs this code, else None: a terminal has no kernel."""
    ipython = sys.modules.get("IPython")
    if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
        return None
    return import_module("IPython.display")
