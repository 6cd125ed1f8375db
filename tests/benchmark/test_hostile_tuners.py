"""Tuners that hang, stay, start processes or meddle: how they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_benchmarks import SUITE, ran, tuner, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.runner import run
from hpo_gym.benchmark.running.tuner_process import TunerError

HOSTILE = """
import atexit, itertools, os, signal, subprocess, sys, threading, time
from pathlib import Path
from tuners import Tuner

HERE = Path(__file__).parent

def note(text):
    with open(HERE / "notes.txt", "a") as file:
        print(text, os.getpid(), file=file)

def hang():
    while True:
        pass

class Polite(Tuner):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        atexit.register(note, "atexit")

    def close(self):
        note("close")

class Busy(Polite):
    \"\"\"Is ended in the midst of a decision.\"\"\"
    def predict(self, *args, **kwargs):
        note("busy")
        time.sleep(300)

    def close(self):
        time.sleep(0.5)
        note("close")

class Timeless(Tuner):
    \"\"\"Answers in the place of its process that it took no number of seconds.\"\"\"
    def predict(self, observation, **kwargs):
        from hpo_gym.benchmark.running import hosted
        hosted.timed = lambda decide: (decide(), float("nan"))
        return super().predict(observation)

class Parent(Tuner):
    \"\"\"Starts helpers, one of which leaves its group.\"\"\"
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
        for away in (False, True):
            helper = subprocess.Popen(sleep, start_new_session=away)
            with open(HERE / "helpers.txt", "a") as file:
                print(helper.pid, file=file)

class Late(Polite, Parent):
    def predict(self, *args, **kwargs):
        hang()

class LateInC(Late):
    \"\"\"No handler of Python's runs there.\"\"\"
    def predict(self, *args, **kwargs):
        sum(itertools.repeat(0))

class Strange(Tuner):
    \"\"\"Its helper has neither its group nor its environment.\"\"\"
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
        helper = subprocess.Popen(sleep, start_new_session=True, env={})
        with open(HERE / "helpers.txt", "a") as file:
            print(helper.pid, file=file)

class Removed(Tuner):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        Path(__file__).unlink(missing_ok=True)

class Hangs(Tuner):
    def predict(self, *args, **kwargs):
        hang()

class HangsEarly(Tuner):
    def __init__(self, problem, *, seed):
        hang()

class Deaf(Parent):
    def predict(self, *args, **kwargs):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        hang()

class Waits(Tuner):
    \"\"\"Never ends by itself: a thread of its own keeps it.\"\"\"
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=time.sleep, args=(300,)).start()

class Shuts(Tuner):
    def predict(self, *args, **kwargs):
        os.closerange(3, 256)
        time.sleep(300)

class Forges(Tuner):
    \"\"\"Answers in the place of its process, with a pickle.\"\"\"
    def predict(self, *args, **kwargs):
        import gc, pickle
        from multiprocessing.connection import Connection
        class Bomb:
            def __reduce__(self):
                return Path.touch, (HERE / "exploded",)
        for thing in gc.get_objects():
            if isinstance(thing, Connection):
                try:
                    thing.send_bytes(pickle.dumps(Bomb()))
                except OSError:
                    pass
        time.sleep(300)
"""


@pytest.fixture
def hostile(tmp_path):
    """Entries of the tuners above by their class, and the folder in which they leave traces."""
    tuner(tmp_path)
    (tmp_path / "hostile.py").write_text(HOSTILE)
    return lambda kind: tuner(tmp_path, name=kind, factory=f"{tmp_path}/hostile.py:{kind}")


def gone(pid):
    """Whether a process has ended, or will at once."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def failures(folder, entry, timeout):
    """How a tuner fails on the first block of tasks, and how many shards fail."""
    with Store(folder / "a.sqlite") as store:
        count = run(store, [SUITE], [entry], timeout=timeout, profile=up_to(36, 1))
        return count, store.failures(SUITE)[entry.name]


def test_tuners_end_in_order(hostile, tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [hostile("Polite")], profile=up_to(32, 1)) == 0
    notes = (tmp_path / "notes.txt").read_text().split()
    assert notes[::2] == ["close", "close", "atexit", "atexit"]  # one process, two shards
    assert len(set(notes[1::2])) == 1


@pytest.mark.parametrize(("kind", "count"), [("Parent", 4), ("Strange", 2)])
def test_helpers_of_a_tuner_are_gone(hostile, tmp_path, kind, count):
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [hostile(kind)], profile=up_to(16, 2)) == 0
    helpers = (tmp_path / "helpers.txt").read_text().split()
    assert len(helpers) == count
    assert all(map(gone, helpers))


def test_a_tuner_that_deletes_its_file_fails_alone(hostile, tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        agents = [hostile("Removed"), tuner(tmp_path)]
        assert run(store, [SUITE], agents, profile=up_to(16, 1)) == 1
        assert "there is no file" in store.failures(SUITE)["Removed"][0]
        assert store.records(SUITE, "tuner") is not None


@pytest.mark.parametrize("kind", ["Hangs", "HangsEarly", "Deaf"])
def test_a_tuner_that_hangs_fails(hostile, tmp_path, kind):
    count, messages = failures(tmp_path, hostile(kind), timeout=2.0)
    assert count == 3
    assert "no answer within 2 s" in messages[0]
    assert messages[1:] == 2 * ["not tried: " + messages[0] + " on tiny"]  # waited for once
    if kind == "Deaf":
        assert all(map(gone, (tmp_path / "helpers.txt").read_text().split()))


@pytest.mark.parametrize(("kind", "notes"), [("Late", ["close", "atexit"]), ("LateInC", [])])
def test_a_tuner_without_an_answer_may_close_before_it_is_killed(hostile, tmp_path, kind, notes):
    begun = time.monotonic()
    failures(tmp_path, hostile(kind), timeout=4.0)
    assert time.monotonic() - begun < 30.0
    written = tmp_path / "notes.txt"
    assert (written.read_text().split()[::2] if written.exists() else []) == notes
    assert all(map(gone, (tmp_path / "helpers.txt").read_text().split()))


def test_a_tuner_that_does_not_end_is_ended(hostile, tmp_path, monkeypatch):
    begun = time.monotonic()
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [hostile("Waits")], profile=up_to(16, 1)) == 0
    assert time.monotonic() - begun < 60.0


@pytest.mark.parametrize(
    ("kind", "message"),
    [("Shuts", "the process"), ("Forges", "something else than JSON")],
)
def test_a_tuner_that_meddles_with_its_connection_fails(hostile, tmp_path, kind, message):
    _, messages = failures(tmp_path, hostile(kind), timeout=60.0)
    assert message in messages[0]
    assert not (tmp_path / "exploded").exists()


def test_waiting_is_said(hostile, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("hpo_gym.benchmark.running.tuner_process.NOTICE", 0.5)
    with pytest.raises(TunerError, match=r"no answer within 1\.2 s"):
        ran(SUITE, hostile("Hangs"), next(SUITE.shards(16, 1)), timeout=1.2)
    assert "Hangs: no answer for 0 s (the limit is 1.2 s)" in capfd.readouterr().err


def test_seconds_that_are_no_number_are_the_tuners_failure(hostile, tmp_path):
    _, messages = failures(tmp_path, hostile("Timeless"), timeout=60.0)
    assert "it took nan s" in messages[0]


def interrupted(folder, kind, waiting):
    """What a run says that gets Ctrl-C as soon as `waiting` says so."""
    script = folder / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from tiny_benchmarks import SUITE, tuner\n"
        "from hpo_gym.benchmark.running.runner import run\n"
        "from hpo_gym.benchmark.results.store import Store\n"
        f"folder = Path({str(folder)!r})\n"
        f"entry = tuner(folder, name={kind!r}, factory=f'{{folder}}/hostile.py:{kind}')\n"
        "with Store(folder / 'a.sqlite') as store:\n"
        "    run(store, [SUITE], [entry])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, script],
        env=environment,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # not ignored, as by jobs
    )
    while not waiting():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(2)
    return process.communicate(timeout=60)[1]


def test_an_interrupt_ends_everything(hostile, tmp_path):
    """Also of a tuner that hangs and ignores SIGTERM, and its helpers."""
    hostile("Deaf")
    helpers = tmp_path / "helpers.txt"
    said = interrupted(
        tmp_path, "Deaf", lambda: helpers.exists() and len(helpers.read_text().split()) == 2
    )
    assert b"KeyboardInterrupt" in said
    assert all(map(gone, helpers.read_text().split()))


def test_an_interrupted_tuner_closes(hostile, tmp_path):
    hostile("Busy")
    notes = tmp_path / "notes.txt"
    said = interrupted(tmp_path, "Busy", notes.exists)
    assert b"_End" not in said  # no process was disturbed while it ended
    assert notes.read_text().split()[::2] == ["busy", "close", "atexit"]
