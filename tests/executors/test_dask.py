"""Dask's workers do what processes of this machine do, and may die."""

import os
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from dask_clusters import Cluster, is_there, wait_for

from hpo_gym.executors.executor import Failure
from hpo_gym.executors.processes import Processes
from hpo_gym.references import load

pytest.importorskip("distributed")
from distributed import Client

from hpo_gym.executors.dask import Dask


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        with Client(f"tcp://{cluster.address}") as client:
            client.wait_for_workers(2, timeout=60)
        yield cluster


def _work(job):
    if job == 2:
        raise ArithmeticError("it went wrong")
    if job == 3:
        os._exit(9)
    if job == 4:
        raise SystemExit("enough")
    return job * 10, os.environ["OMP_NUM_THREADS"]


def _last_line(outcome):
    return outcome.message.splitlines()[-1] if isinstance(outcome, Failure) else outcome


def _outcomes(executor, jobs, work):
    """By job; each job must have one."""
    found = list(executor.run(iter(jobs), work))
    assert sorted(job for job, _ in found) == sorted(jobs)
    return {job: _last_line(outcome) for job, outcome in found}


def test_same_outcomes_as_in_processes(cluster):
    outcomes = _outcomes(Dask(cluster.address), range(7), _work)
    assert outcomes[6] == (60, "1") and outcomes[2] == "ArithmeticError: it went wrong"
    assert outcomes == _outcomes(Processes(2), range(7), _work)


def test_jobs_are_asked_for_when_they_can_begin_and_come_as_they_end(cluster, tmp_path):
    asked, go = [], tmp_path / "go"
    jobs = (asked.append(job) or job for job in (str(go), "", "", "", f"{tmp_path}/never"))
    with closing(Dask(cluster.address).run(jobs, _wait)) as outcomes:
        assert next(outcomes)[0] == "" and asked == [str(go), ""]
        assert [next(outcomes)[0] for _ in range(2)] == ["", ""]
        go.touch()
        assert next(outcomes)[0] == str(go) and asked[-1] == f"{tmp_path}/never"


def _wait(file):
    if file:
        wait_for(Path(file).exists)


def _nap(seconds):
    time.sleep(seconds)
    return seconds


def test_no_job_needs_no_cluster():
    assert list(Dask("127.0.0.1:1").run(iter([]), _nap)) == []


def test_a_late_job_is_a_failure_and_the_others_go_on(cluster):
    outcomes = _outcomes(Dask(cluster.address, limit=0.5), [0.0, 60.0, 0.1], _nap)
    assert outcomes == {0.0: 0.0, 60.0: "no answer within 0.5 s", 0.1: 0.1}


def test_code_is_that_of_the_beginning_and_the_next_run_has_todays(cluster, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def value(): return 'first'\n")
    work = partial(_value_and_place, f"{file}:value")

    def jobs():
        yield 0  # with the second job the file is on its way
        file.write_text("def value(): return 'second'\n")
        yield from range(1, 5)

    first = dict(Dask(cluster.address).run(jobs(), work))
    assert {value for value, _ in first.values()} == {"first"}
    second = dict(Dask(cluster.address).run(iter([0, 1]), work))
    assert list(second.values()) == [("second", str(file))] * 2
    file.unlink()
    third = dict(Dask(cluster.address).run(iter([0]), work))
    assert f"{file}" in _last_line(third[0]) and "No such file" in _last_line(third[0])


def _value_and_place(reference, job):
    function = load(reference)
    return function(), function.__code__.co_filename


def test_closing_ends_what_is_under_way(cluster, tmp_path):
    with closing(Dask(cluster.address).run(iter([tmp_path / "pid", ""]), _stay)) as outcomes:
        assert next(outcomes) == ("", None)
        pid = int((tmp_path / "pid").read_text())
        assert is_there(pid)
    wait_for(lambda: not is_there(pid))
    assert _outcomes(Dask(cluster.address), [0.0, 0.1], _nap) == {0.0: 0.0, 0.1: 0.1}


def _stay(file):
    if file:
        file.write_text(str(os.getpid()))
        time.sleep(600.0)
    time.sleep(1.0)


def test_what_is_under_way_ends_with_whoever_wants_it(cluster, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from hpo_gym.executors.dask import Dask\n"
        "def stay(job):\n"
        "    Path(job).write_text(str(os.getpid()))\n"
        "    time.sleep(600.0)\n"
        "if __name__ == '__main__':\n"
        "    list(Dask(sys.argv[1]).run(iter([sys.argv[2]]), stay))\n"
    )
    pid = tmp_path / "pid"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, script, cluster.address, pid]
    with subprocess.Popen(command, env=environment) as process:
        wait_for(lambda: pid.exists() and pid.read_text())
        process.kill()
    wait_for(lambda: not is_there(int(pid.read_text())))


def test_a_cluster_of_its_own(tmp_path):
    """For as long as the jobs last; the functions are those of a script."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        "from hpo_gym.executors.dask import Dask\n"
        "def work(job): return job + 1, os.getppid()\n"
        "if __name__ == '__main__':\n"
        "    found = dict(Dask(workers=2).run(iter(range(5)), work))\n"
        "    print(*(found[i][0] for i in range(5)), *{worker for _, worker in found.values()})\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert printed[:5] == ["1", "2", "3", "4", "5"]
    assert 1 <= len(printed[5:]) <= 2 and not any(is_there(int(pid)) for pid in printed[5:])


def test_two_workers_need_half_the_time(cluster, tmp_path):
    """From the first outcome on; the jobs take long, so that what else a machine does is little."""
    seconds = {}
    with Cluster(tmp_path, workers=1) as one:
        for executor in (Dask(one.address), Dask(cluster.address)):
            outcomes = executor.run(iter([0.8] * 8), _nap)
            next(outcomes)
            begun = time.monotonic()
            assert len(list(outcomes)) == 7
            seconds[executor.address] = time.monotonic() - begun
    assert seconds[one.address] >= 7 * 0.8
    assert seconds[cluster.address] <= 0.65 * seconds[one.address]
