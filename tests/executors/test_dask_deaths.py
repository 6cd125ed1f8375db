"""Workers of Dask that are killed: nothing is lost or comes twice, and nobody waits for ever."""

import os
import signal
import time
from itertools import count, takewhile

import pytest
from dask_clusters import Cluster, is_there, wait_for

pytest.importorskip("distributed")
from hpo_gym.executors.dask import Dask


def _square(job):
    time.sleep(0.2)
    return job * job, os.getpid()


def _nap(seconds):
    time.sleep(seconds)


def test_a_killed_worker(tmp_path):
    with Cluster(tmp_path) as cluster:
        found, pids, killed = [], set(), False

        def jobs():
            yield from takewhile(lambda _: not killed, count())
            yield from range(-6, 0)

        for job, (result, pid) in Dask(cluster.address).run(jobs(), _square):
            found.append((job, result))
            pids.add(pid)
            if len(pids) == 2 and not killed:
                cluster.workers[0].kill()
                killed = True
        assert sorted(found) == [(job, job * job) for job in range(-6, len(found) - 6)]
        wait_for(lambda: sum(map(is_there, pids)) <= 1)  # its child has ended with it


def test_no_worker_left(tmp_path):
    with Cluster(tmp_path) as cluster:
        outcomes = Dask(cluster.address, patience=1.5).run(iter(range(16)), _square)
        next(outcomes)
        for worker in cluster.workers:
            worker.kill()
        begun = time.monotonic()
        with pytest.raises(ConnectionError, match=r"no worker of Dask for 1.5 s: .*`dask worker"):
            list(outcomes)
        assert 1.4 < time.monotonic() - begun < 10.0


def test_a_worker_that_comes_late(tmp_path):
    with Cluster(tmp_path, workers=0) as cluster:
        outcomes = Dask(cluster.address, patience=0.5).run(iter(range(2)), _square)
        with pytest.raises(ConnectionError, match=r"no worker of Dask for 0.5 s"):
            next(outcomes)

        def jobs():
            cluster.add_worker()
            yield from (1, 2)

        found = dict(Dask(cluster.address).run(jobs(), _square))
        assert [found[job][0] for job in (1, 2)] == [1, 4]


def test_a_dead_scheduler(tmp_path, monkeypatch):
    monkeypatch.setattr("hpo_gym.executors.dask._CONNECT", 0.5)
    with Cluster(tmp_path) as cluster:
        outcomes = Dask(cluster.address).run(iter([0.0, 600.0]), _nap)
        next(outcomes)
        cluster.scheduler.kill()
        with pytest.raises(ConnectionError, match="the scheduler of Dask is gone"):
            list(outcomes)
        for worker in cluster.workers:
            worker.wait(30.0)
        with pytest.raises(ConnectionError, match=rf"no .* answers at {cluster.address} within 0"):
            list(Dask(cluster.address).run(iter(range(16)), _square))


def test_a_job_that_kills_its_workers(tmp_path):
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with Cluster(tmp_path, workers=1, nanny=True, **allowed) as cluster:
        found = dict(Dask(cluster.address).run(iter([1, 2]), _kill_the_worker))
        assert found[2] == 2 and "on 2 different workers, but all those" in found[1].message


def _kill_the_worker(job):
    if job == 1:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60.0)
    return job
