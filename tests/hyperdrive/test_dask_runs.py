"""HyperDrive's children on Dask's workers, one of which is killed."""

from __future__ import annotations

import signal

import pytest
from dask_clusters import Cluster
from hyperdrive_runs import config, experiment, script, wait_for

from hpo_gym.executors.processes import Processes

pytest.importorskip("distributed")
from hpo_gym.executors.dask import Dask

TRAINING = """
    import argparse, os, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=float)
    x = parser.parse_args().x
    run = Run.get_context()
    for epoch in range(4):
        run.log("f1", x * (epoch + 1))
        print(epoch)
        time.sleep(0.2)
    os.makedirs("outputs", exist_ok=True)
    with open("outputs/model.txt", "w") as file:
        file.write(str(x))
"""


def facts(run):
    """Of every child: what it was given, and all that it left."""
    rows = {row.number: (row.configuration, row.status, row.curve) for row in run.rows()}
    return [
        (
            *rows[child.number],
            child.get_metrics(),
            child.log_text(),
            (child.folder / "files" / "outputs" / "model.txt").read_text(),
            (child.folder / "work").exists(),
        )
        for child in sorted(run.get_children(), key=lambda child: child.number)
    ]


@pytest.mark.slow
def test_a_worker_is_killed_and_the_rows_are_those_of_one_machine(tmp_path):
    given = config(script(tmp_path, TRAINING), max_total_runs=8, max_concurrent_runs=2)
    here = experiment(tmp_path / "here").submit(given, seed=3, executor=Processes(2))
    here.wait_for_completion()
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        there = experiment(tmp_path / "there").submit(given, seed=3, executor=Dask(cluster.address))
        # All that are under way have reported: one of them has to begin anew.
        wait_for(lambda: sum(row.status == "Completed" for row in there.rows()) >= 2)
        wait_for(lambda: len(there.rows()) > 3 and all(row.curve for row in there.rows()))
        cluster.workers[0].kill()
        there.wait_for_completion()
        assert cluster.workers[0].poll() == -signal.SIGKILL
    assert len(facts(there)) == 8 and facts(there) == facts(here)
    folders = [there.folder / f"{there.id}_{number}" for number in range(8)]
    assert sum("restart" in (folder / "records.jsonl").read_text() for folder in folders) == 1
