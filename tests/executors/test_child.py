"""Child processes: calls, failures, ends."""

import os
import subprocess
import sys
import time
from importlib import import_module

import pytest

from hpo_gym.executors.child import Child, inside_child
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.processes import Processes


@pytest.fixture
def child():
    child = Child()
    yield child
    child.stop()


def test_calls(child):
    assert child.call(divmod, 7, 3) == (2, 1)
    assert "ZeroDivisionError" in child.call(divmod, 7, 0).message
    assert "SystemExit: 3" in child.call(sys.exit, 3).message
    assert child.call(inside_child) and not inside_child()
    assert child.call(os.getpid) == child.process.pid
    assert child.call(os.getenv, "OMP_NUM_THREADS") == "1"
    assert child.call(os._exit, 5) == Failure("the process died with exit code 5")
    assert not child.idle
    assert child.call(os.getpid) == Failure("the process died with exit code 5")


def test_plain_answers_are_data():
    child = Child(plain=True)
    assert child.call(divmod, 7, 3) == [2, 1]
    assert "not JSON serializable" in child.call(object).message
    assert "ZeroDivisionError" in child.call(divmod, 7, 0).message
    child.stop()


def test_a_child_is_not_told_the_command_line(monkeypatch):
    """It may say where a secret lies."""
    monkeypatch.setattr(sys, "argv", ["benchmark", "--salt", "secret.txt"])
    child = Child()
    assert child.call(_arguments) == [""]
    assert sys.argv[1:] == ["--salt", "secret.txt"]
    child.stop()


def _arguments():
    return sys.argv


def test_no_nested_answer_is_an_error_of_ours():
    child = Child(plain=True)
    assert child._read_plain(b"[" * 200_000).message.startswith("the process answered with")


def test_processes_do_all_jobs_and_replace_the_dead():
    jobs = list(range(8))
    outcomes = dict(Processes(2).run(iter(jobs), _pid_or_die))
    assert sorted(outcomes) == jobs
    assert outcomes[3] == Failure("the process died with exit code 9")
    assert len({pid for job, pid in outcomes.items() if job != 3}) <= 3


def _pid_or_die(job):
    return os._exit(9) if job == 3 else os.getpid()


def test_a_late_job_is_a_failure_and_the_others_go_on():
    outcomes = dict(Processes(2, limit=1.0).run(iter([0.0, 60.0, 0.1, 0.2]), _nap))
    assert outcomes.pop(60.0) == Failure("no answer within 1 s")
    assert outcomes == {nap: nap for nap in (0.0, 0.1, 0.2)}


def _nap(seconds):
    time.sleep(seconds)
    return seconds


def test_a_limit_does_not_count_imports(tmp_path, monkeypatch):
    (tmp_path / "slow_import.py").write_text("import time\ntime.sleep(1.5)\nwork = str\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    outcomes = dict(Processes(1, limit=1.0).run(iter([1]), _Slow()))
    assert outcomes == {1: "1"}


class _Slow:
    """Work whose arrival in another process takes long."""

    def __reduce__(self):
        return _import_slowly, ()


def _import_slowly():
    return import_module("slow_import").work


def test_no_run_within_a_run(child):
    assert "__main__" in child.call(_run_again).message


def _run_again():
    return list(Processes(1).run(iter([1]), str))


def test_workers_end_with_a_killed_parent(tmp_path):
    (tmp_path / "napping.py").write_text(
        "import os, time\ndef work(job):\n    print(os.getpid(), flush=True)\n    time.sleep(60)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(
        "from hpo_gym.executors.processes import Processes\n"
        "from napping import work\n"
        "list(Processes(1).run(iter([1]), work))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    with subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        os.kill(int(process.stdout.readline()), 0)  # it is there
        process.kill()
        assert process.stdout.read() == ""  # the pipe closes when the worker is gone
