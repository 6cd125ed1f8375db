"""Hostile and hanging agents: failed rows, or results that a replay confirms; nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tiny_benchmarks import SUITE, TUNERS, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import run
from hpo_gym.tuners.entry import AgentEntry

pytestmark = pytest.mark.slow
KIND = "agents"
TIMEOUT = 2.0

HEAD = """
import atexit, ctypes, gc, json, multiprocessing, os, pickle, resource, shutil, signal, subprocess
import sys, threading, time
import numpy as np
from tuners import Tuner
MARK = os.environ["ATTACK"]
SLEEP = [sys.executable, "-c", "import time; time.sleep(300)", MARK]
def hang():
    while True:
        time.sleep(0.01)
def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
def fork(work=lambda: time.sleep(300)):
    if not os.fork():
        work()
        os._exit(0)
def recurse(n=0):
    return recurse(n + 1)
def zeros(observation):
    return np.zeros((len(observation), 3))
"""
AT_IMPORT = {
    "hangs": "hang()",
    "deaf": "deaf()\nhang()",
    "exits": "sys.exit(0)",
    "dies": "os._exit(0)",
    "killed": "os.kill(os.getpid(), 9)",
    "segfault": "ctypes.string_at(0)",
    "recursion": "recurse()",
    "interrupt": "raise KeyboardInterrupt",
    "generator exit": "raise GeneratorExit",
    "garbage": "sys.stdout.write('x' * 10**7); os.write(1, b'\\0' * 10**6); os.write(2, b'\\xff')",
    "closes files": "os.closerange(0, 256)",
    "stops": "os.kill(os.getpid(), signal.SIGSTOP)",
    "no memory": "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\nbytearray(2**31)",
    "parent": "subprocess.Popen(SLEEP)",
    "parent of strangers": "subprocess.Popen(SLEEP, start_new_session=True, env={})",
    "forks": "fork()\nfork(lambda: (os.setsid(), fork(), time.sleep(300)))",
    "daemons": "fork(lambda: (os.setsid(), fork(), os._exit(0)))",
    "thread": "threading.Thread(target=hang).start()",
    "pool": "multiprocessing.get_context('fork').Process(target=hang).start()",
    "elsewhere": "os.chdir('/')",
    "deletes itself": "os.remove(__file__)",
    "numpy": "np.asarray = np.array = lambda *a, **k: np.float64(3); np.float32 = np.float64",
    "json": "json.dumps = lambda *a, **k: '[[0]]'",
    "pickles": "pickle.loads = lambda *a: hang",
    "no time": "time.perf_counter = lambda: float('nan')",
    "exit handler": "atexit.register(hang)",
    "raising handler": "atexit.register(recurse)",
    "path": "sys.path[:] = []; sys.modules.clear()",
    "environment": "os.environ.clear()",
    "random": "np.random.default_rng = lambda seed=None: np.random.Generator(np.random.PCG64(1))",
}
IN_PREDICT = {
    "hangs": "hang()",
    "deaf": "deaf(); hang()",
    "busy": "x = 0\n        while True: x += 1",
    "forking": "fork(); return zeros(observation), None",
    "dies": "os._exit(3)",
    "aborts": "os.abort()",
    "exits": "sys.exit('bye')",
    "recursion": "recurse()",
    "huge": "return np.zeros((25_000_000,), np.float32), None",
    "huge text": "return 'x' * 10**8, None",
    "endless": "return iter(int, 1), None",
    "no numbers": "return [[object()] * 3] * len(observation), None",
    "words": "return np.full((len(observation), 3), 'x'), None",
    "numbers as words": "return np.full((len(observation), 3), '0.5'), None",
    "complex": "return 1j * zeros(observation), None",
    "nan": "return np.nan * zeros(observation), None",
    "inf": "return np.inf + zeros(observation), None",
    "large": "return 1e300 + zeros(observation), None",
    "booleans": "return zeros(observation) > 1, None",
    "nothing": "return None",
    "pair": "return None, None",
    "long": "return zeros(observation)[:, :2], None",
    "more rows": "return np.zeros((99, 3)), None",
    "ragged": "return [[0.0] * 3] * (len(observation) - 1) + [[0.0]], None",
    "overwrites": "observation[...] = 7; return zeros(observation), None",
    "closes files": "os.closerange(0, 256); return zeros(observation), None",
    "prints": "print('x' * 10**7); os.write(2, b'\\xff' * 1000); return zeros(observation), None",
    "no memory": "bytearray(2**62)",
    "class": "type(self).predict = None; return zeros(observation), None",
    "stops": "os.kill(os.getpid(), signal.SIGSTOP)",
    "state": "return zeros(observation), recurse",
}
IN_CLOSE = {
    "hangs": "hang()",
    "deaf": "deaf(); hang()",
    "raises": "raise RuntimeError('no')",
    "dies": "os._exit(9)",
    "exits": "sys.exit(3)",
    "parent": "subprocess.Popen(SLEEP, start_new_session=True)",
}
IN_INIT = {**{name: AT_IMPORT[name] for name in ("hangs", "deaf", "exits", "forks", "dies")}}
PLAIN = "return np.tanh(observation[:, :3] + 0.1), None"


def source(init="", predict=PLAIN, close=""):
    init = init.replace("\n", "\n        ")
    return (
        "class Hostile(Tuner):\n"
        f"    def __init__(self, problem, *, seed):\n        {init or 'pass'}\n"
        f"    def predict(self, observation, **kwargs):\n        {predict}\n"
        + (f"    def close(self):\n        {close}\n" if close else "")
    )


CASES = {
    **{f"import: {name}": f"{text}\n{source()}" for name, text in AT_IMPORT.items()},
    **{f"init: {name}": source(init=text) for name, text in IN_INIT.items()},
    **{f"predict: {name}": source(predict=text) for name, text in IN_PREDICT.items()},
    **{f"close: {name}": source(close=text) for name, text in IN_CLOSE.items()},
}


def write(folder, text):
    (folder / "tuners.py").write_text(TUNERS)
    (folder / "hostile.py").write_text(HEAD + text)
    return AgentEntry("hostile", f"{folder}/hostile.py:Hostile")


def good(folder):
    return AgentEntry("good", f"{folder}/tuners.py:Tuner")


@pytest.mark.parametrize("case", CASES)
def test_an_agent_that_misbehaves(attack, case, tmp_path):
    """A failed row with a message, or rows that a replay confirms; its neighbour is unharmed."""
    entry, cwd, begun = write(tmp_path, CASES[case]), os.getcwd(), time.monotonic()
    with Store(tmp_path / "a.sqlite") as store:
        agents = [entry, good(tmp_path)]
        count = run(store, [SUITE], agents, timeout=TIMEOUT, profile=up_to(16, 1))
        verdicts = {verdict.agent: verdict for verdict in validate(store, SUITE)}
        failures = store.failures(SUITE)
    attack.look_for_processes(patience=1.0)
    assert os.getcwd() == cwd and time.monotonic() - begun < 60.0
    assert verdicts["good"].difference is None and verdicts["good"].episodes == 16
    if "hostile" in verdicts:
        right = verdicts["hostile"].difference is None and not count
        attack.note("verified" if right else "silently wrong", f"{case}: {verdicts}")
    else:
        said = failures.get("hostile", [""])[0]
        clear = count == 1 and len(said) > 15
        attack.note("refused" if clear else "silently wrong", f"{case}: {count}, {said!r}")


SIGNALLED = ["import: hangs", "import: stops", "init: deaf", "init: forks", "predict: deaf"]
SIGNALLED += ["predict: forking", "close: hangs", "import: parent of strangers", "predict: busy"]
SCRIPT = """
import sys
from tiny_benchmarks import SUITE
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.runner import run
from hpo_gym.tuners.entry import AgentEntry

if __name__ == "__main__":
    entry = AgentEntry("hostile", sys.argv[1] + "/hostile.py:Hostile")
    with Store(sys.argv[1] + "/a.sqlite") as store:
        run(store, [SUITE], [entry])
        import time
        time.sleep(300)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=str)
@pytest.mark.parametrize("case", SIGNALLED)
def test_a_signal_in_the_midst(attack, case, number, tmp_path):
    """Everything ends, the store can be used, and what is in it is right."""
    write(tmp_path, f"open('{tmp_path}/begun', 'w').close()\n{CASES[case]}")
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.7)
    process.send_signal(number)
    try:
        process.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        attack.note("processes left", f"{case}: the run itself")
    if attack.look_for_processes(patience=15.0):
        return
    with Store(tmp_path / "a.sqlite") as store:
        verdicts = [*validate(store, SUITE)]
    right = all(verdict.difference is None for verdict in verdicts)
    attack.note("verified" if right else "silently wrong", f"{case}: {verdicts}")
