"""Tuners in processes of their own: what they are told, what they answer, how they end."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_benchmarks import SUITE, ran, tuner, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running import hosted
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import missing_jobs, run
from hpo_gym.benchmark.running.tuner_process import TunerError
from hpo_gym.benchmark.suites.suite import env_seed


def test_a_shard_is_what_the_scalar_environment_gives(tmp_path):
    shard = list(SUITE.shards(36, 2))[3]
    records = ran(SUITE, tuner(tmp_path), shard)
    env = SUITE.env()
    for i, task in enumerate(shard.tasks):
        env.reset(seed=env_seed(task, 0), options={"task": task})
        for step, action in enumerate(records.actions[i, 0]):
            _, reward, over, _, info = env.step(action)
            numbers = [getattr(records, n)[i, 0, step] for n in ("regret", "reward", "cost")]
            assert numbers == [info["regret"], reward, info["cost"]]
            assert records.resource[i, 0, step] == info["epochs"]
        assert over
    assert (records.tasks.tolist(), records.seeds.tolist()) == (list(shard.tasks), [0])
    assert (records.actions.min(), records.actions.max()) == (-1.0, 1.0)  # clipped
    assert (records.seconds > 0.0).all()


@pytest.mark.parametrize(("waiting", "seconds"), [(0.25, 0.75), (0.0, 1.0), (1.5, 0.0)])
def test_decision_times_leave_out_waiting(monkeypatch, waiting, seconds):
    """A second passes between two looks at the counter, and some waiting between two others."""
    looks = []

    def look(name, step):
        looks.append(name)
        return step * looks.count(name)

    def read_text():
        return f"17 {round(1e9 * look('waiting', waiting))} 3"

    clock = SimpleNamespace(perf_counter=lambda: look("counter", 1.0))
    monkeypatch.setattr(hosted, "time", clock)
    monkeypatch.setattr(hosted, "_SCHEDULER", SimpleNamespace(read_text=read_text))
    assert hosted.timed(lambda: "answer") == ("answer", seconds)
    assert looks == ["waiting", "counter", "counter", "waiting"]  # reading it is not counted


def test_all_rows_share_the_time(tmp_path):
    slow = tuner(tmp_path, settings={"delay": 0.1})
    seconds = ran(SUITE, slow, list(SUITE.shards(36, 2))[2]).seconds
    assert seconds.shape == (4, 1, 3)
    assert (seconds == seconds[:1]).all()
    assert (4 * seconds[0] >= 0.09).all()


def test_shards_have_random_numbers_of_their_own(tmp_path):
    shards = list(SUITE.shards(36, 2))
    one, two = (ran(SUITE, tuner(tmp_path), shard) for shard in shards[:2])
    other = ran(SUITE, tuner(tmp_path, name="other"), shards[0])
    assert not np.array_equal(one.actions, two.actions)
    assert not np.array_equal(one.actions, other.actions)


VANDAL = """
import numpy as np
from hpo_gym.rng import derive
from hpo_gym.benchmark.running import shards
from hpo_gym.families.fictitious.family import FictitiousFamily
from tuners import Tuner

class Vandal(Tuner):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        shards.env_seed = lambda *_: 0
        FictitiousFamily.evaluate = lambda *_: 1 / 0
        np.float32 = None
"""


def test_what_a_tuner_does_to_its_process_reaches_nothing(tmp_path):
    """Neither its environments, which stand in another process, nor another tuner."""
    victim = tuner(tmp_path)
    (tmp_path / "vandal.py").write_text(VANDAL)
    vandal = replace(victim, name="vandal", factory=f"{tmp_path}/vandal.py:Vandal")
    with Store(tmp_path / "a.sqlite") as store:
        run(store, [SUITE], [vandal, victim], profile=up_to(1, 1))
        differences = {v.agent: v.difference for v in validate(store, SUITE)}
        assert set(differences.values()) == {None}
        assert len(store.episodes(SUITE, "tuner")) == 16


CURIOUS = """
import numpy as np

class Curious:
    def __init__(self, problem, *, seed, family, process=None):
        self.tells = [hasattr(problem, name) for name in ("step", "family", "tasks")]
        self.tells += [process is not None]
        self.tells += [process is not None and process.options.split == "train"]

    def predict(self, observation, **kwargs):
        seen = np.array(self.tells, dtype=float) @ 2.0 ** -np.arange(5)
        return np.full((len(observation), 3), 0.5 * seen), None
"""


@pytest.mark.parametrize(("needs", "told"), [("family", 0.0), ("process", 3 / 32)])
def test_what_a_tuner_is_built_with_has_no_test_tasks(tmp_path, needs, told):
    """But the family, and for an oracle the process of its training tasks."""
    (tmp_path / "curious.py").write_text(CURIOUS)
    curious = replace(tuner(tmp_path), factory=f"{tmp_path}/curious.py:Curious", needs=needs)
    seen = ran(SUITE, curious, next(SUITE.shards(16, 1))).actions
    assert (seen == told).all()


def test_oracles_are_told_their_tasks(tmp_path):
    shard = next(SUITE.shards(1, 1))
    told = ran(SUITE, tuner(tmp_path, "Told", needs="process"), shard)
    np.testing.assert_array_equal(told.actions[:, 0, 0, 0], np.float32(told.tasks / 100))
    with pytest.raises(TunerError, match="told"):  # nobody else is, whatever it calls itself
        ran(SUITE, tuner(tmp_path, "Told"), shard)


HOSTILE = """
import atexit, os, signal, subprocess, sys, threading, time
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

class Parent(Tuner):
    \"\"\"Starts helpers, one of which leaves its group.\"\"\"
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
        for away in (False, True):
            helper = subprocess.Popen(sleep, start_new_session=away)
            with open(HERE / "helpers.txt", "a") as file:
                print(helper.pid, file=file)

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


def test_helpers_of_a_tuner_are_gone(hostile, tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [hostile("Parent")], profile=up_to(16, 2)) == 0
    helpers = (tmp_path / "helpers.txt").read_text().split()
    assert len(helpers) == 4
    assert all(map(gone, helpers))


@pytest.mark.parametrize("kind", ["Hangs", "HangsEarly", "Deaf"])
def test_a_tuner_that_hangs_fails(hostile, tmp_path, kind):
    count, messages = failures(tmp_path, hostile(kind), timeout=2.0)
    assert count == 3
    assert "no answer within 2 s" in messages[0]
    assert messages[1:] == 2 * ["not tried: " + messages[0] + " on tiny"]  # waited for once
    if kind == "Deaf":
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


def test_an_interrupt_ends_everything(hostile, tmp_path):
    """Also of a tuner that hangs and ignores SIGTERM, and its helpers."""
    hostile("Deaf")
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from tiny_benchmarks import SUITE, tuner\n"
        "from hpo_gym.benchmark.running.runner import run\n"
        "from hpo_gym.benchmark.results.store import Store\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "entry = tuner(folder, name='Deaf', factory=f'{folder}/hostile.py:Deaf')\n"
        "with Store(folder / 'a.sqlite') as store:\n"
        "    run(store, [SUITE], [entry])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, script], env=environment, stderr=subprocess.PIPE)
    helpers = tmp_path / "helpers.txt"
    while not helpers.exists() or len(helpers.read_text().split()) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(2)
    _, said = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in said
    assert all(map(gone, helpers.read_text().split()))


NEIGHBOURS = """
import agents, scripts, tests
from tuners import Tuner

class Neighbour(Tuner):
    assert agents.MINE and scripts.MINE and tests.MINE
"""


def test_packages_beside_a_tuner_win_over_ours(tmp_path):
    for name in ("agents", "scripts", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True")
    tuner(tmp_path)
    (tmp_path / "neighbour.py").write_text(NEIGHBOURS)
    entry = tuner(tmp_path, factory=f"{tmp_path}/neighbour.py:Neighbour")
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [entry], profile=up_to(1, 1)) == 0


def test_a_script_without_a_guard_is_refused(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from hpo_gym.benchmark.running.runner import run\n"
        "from hpo_gym.benchmark.results.store import Store\n"
        "from hpo_gym.tuners.registry import register_agent\n"
        "from tiny_benchmarks import SUITE\n"
        "class Mine: ...\n"
        "with Store('a.sqlite') as store:\n"
        "    run(store, [SUITE], [register_agent(Mine)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert 'put what it does under if __name__ == "__main__":' in done.stderr
    with Store(tmp_path / "a.sqlite") as store:
        assert store.failures(SUITE) == {}


def test_failures_of_a_family_are_not_the_tuners(tmp_path, monkeypatch):
    (tmp_path / "broken_family.py").write_text(
        "from hpo_gym.families.fictitious.family import FictitiousFamily\n"
        "class Broken(FictitiousFamily):\n"
        "    name = 'broken'\n"
        "    def evaluate(self, *args):\n"
        "        raise OverflowError('mine')\n"
    )
    family = {"name": f"{tmp_path}/broken_family.py:Broken"}
    suite = replace(SUITE, family=family, score="score")
    seen = []
    with Store(tmp_path / "a.sqlite") as store:
        count = run(
            store,
            [suite],
            [tuner(tmp_path)],
            profile=up_to(16, 1),
            report=lambda job, failure: seen.append(failure.message),
        )
        assert (count, store.failures(suite)) == (1, {})
        assert len(missing_jobs(store, [suite], [tuner(tmp_path)], up_to(16, 1))) == 1
    assert "OverflowError: mine" in seen[0]
