"""Children of a real script, wherever an executor runs them."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from hpo_gym.executors.executor import Executor, Failure
from hpo_gym.hyperdrive import records
from hpo_gym.hyperdrive.child import CANCEL, RECORDS
from hpo_gym.hyperdrive.engine import End, Job, Referee
from hpo_gym.hyperdrive.journal import FAILED
from hpo_gym.hyperdrive.launch import Outcome, Spec, keep_outputs, run_child
from hpo_gym.hyperdrive.script_config import ScriptRunConfig
from hpo_gym.hyperdrive.submission import SNAPSHOT

_LOOK = 0.02
"""Seconds between two looks at what children have logged."""


class Scripts:
    """Runs children as processes; while they run, what they log is read from their files.

    Args:
        config: The script.
        executor: Runs `run_child`; it must see the run's folder.
        metric: The primary metric.
        folder: The run's folder.
    """

    def __init__(
        self, config: ScriptRunConfig, executor: Executor, metric: str, folder: Path
    ) -> None:
        self._config, self._executor, self._metric = config, executor, metric
        self._folder = folder
        self._readers: dict[int, records.Reader] = {}
        self._lock = threading.Lock()
        self._reasons: dict[int, str] = {}
        self._error: BaseException | None = None

    def arguments(self, job: Job) -> list[str]:
        """The script's own arguments, then each hyperparameter by its name."""
        words = [str(word) for word in self._config.arguments]
        if job.resumed is not None:
            words += ["--resume-from", job.resumed]
        for name, value in job.configuration.items():
            words += [name if name.startswith("-") else f"--{name}", _word(value)]
        return words

    def run(self, referee: Referee) -> Iterator[End]:
        """Run the referee's children; see `hpo_gym.hyperdrive.engine.Backend`."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(referee, done))
        watcher.start()
        try:
            with closing(self._executor.run(self._specs(referee), run_child)) as outcomes:
                for spec, outcome in outcomes:
                    yield self._end(referee, spec, outcome)
        finally:
            done.set()
            watcher.join()

    def _specs(self, referee: Referee) -> Iterator[Spec]:
        for job in referee.jobs(time.time):
            folder = self._child(job.number)
            with self._lock:
                self._readers[job.number] = records.Reader(folder / RECORDS)
            yield Spec(
                job.number,
                str(folder),
                str(self._folder / SNAPSHOT),
                self._command(job),
                self._config.variables,
                self._config.max_run_duration_seconds,
            )

    def _command(self, job: Job) -> tuple[str, ...]:
        words, command = self.arguments(job), self._config.command
        if command is None:
            return (sys.executable, str(self._config.script), *words)
        whole = command if isinstance(command, str) else "\0".join(map(str, command))
        filled = whole
        for name, value in job.configuration.items():
            filled = filled.replace(f"${{{{search_space.{name}}}}}", _word(value))
        rest = () if filled != whole else tuple(words)
        if isinstance(command, str):
            return ("/bin/sh", "-c", f'{filled} "$@"', "sh", *rest)
        return (*filled.split("\0"), *rest)

    def _end(self, referee: Referee, spec: Spec, outcome: Outcome | Failure) -> End:
        """What became of a child; what it logged last is read first."""
        with self._lock:
            if self._error is not None:
                raise self._error
            for entry in self._new(spec.number):
                self._tell(referee, spec.number, entry)
            del self._readers[spec.number]
        if isinstance(outcome, Failure):  # the process that watched it died, and it with it
            keep_outputs(Path(spec.folder))
            outcome = Outcome(FAILED, outcome.message)
        if spec.number in self._reasons:
            outcome = Outcome(FAILED, self._reasons[spec.number])
        return End(spec.number, outcome.status, outcome.message, time.time())

    def _watch(self, referee: Referee, done: threading.Event) -> None:
        """Read what children log, and end those who are to end, until all is done."""
        try:
            while not done.wait(_LOOK):
                with self._lock:
                    self._look(referee)
        except BaseException as error:
            self._error = error
            for number in list(self._readers):
                self._cancel(number)

    def _look(self, referee: Referee) -> None:
        """Read what children have logged, in the order in which they did."""
        if referee.over(time.time()):
            for number in self._readers:
                self._cancel(number)
        new = [
            (entry["time"], number, entry)
            for number in self._readers
            for entry in self._new(number)
        ]
        for _, number, entry in sorted(new, key=lambda each: each[:2]):
            if self._tell(referee, number, entry):
                self._cancel(number)

    def _new(self, number: int) -> list[dict[str, Any]]:
        """What a child has logged since the last call."""
        try:
            return self._readers[number].read()
        except Exception as error:
            self._fail(number, error)
            return []

    def _tell(self, referee: Referee, number: int, entry: dict[str, Any]) -> bool:
        """Tell what a child has logged; whether it is to be ended now."""
        try:
            if entry["kind"] == records.RESTART:
                referee.restart(number, time.time())
            values = records.numbers(entry, self._metric)
            return any([referee.report(number, value) for value in values])
        except Exception as error:
            self._fail(number, error)
            return False

    def _fail(self, number: int, error: Exception) -> None:
        """End a child whose records cannot be dealt with; the others go on."""
        self._reasons.setdefault(
            number, f"what it logged cannot be read: {type(error).__name__}: {error}"
        )
        self._cancel(number)

    def _cancel(self, number: int) -> None:
        with suppress(OSError):  # a script may have removed its folder
            (self._child(number) / CANCEL).touch()

    def _child(self, number: int) -> Path:
        return self._folder / f"{self._folder.name}_{number}"


def _word(value: Any) -> str:
    """A hyperparameter on a command line."""
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)
