"""This very process, for jobs that may use all of its threads."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterator

from hpo_gym.executors.executor import Failure, Job, Result


class Here:
    """An executor without processes: one job after another, with nothing between it and harm."""

    shares_files = True

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Generator[tuple[Job, Result | Failure], None, None]:
        """Do jobs; see `hpo_gym.executors.executor.Executor`."""
        for job in jobs:
            try:
                outcome: Result | Failure = work(job)
            except (Exception, SystemExit):
                outcome = Failure(traceback.format_exc())
            yield job, outcome
