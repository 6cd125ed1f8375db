"""`scripts.play`: somebody types, from a pipe."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest

from hpo_gym import Categorical, Family, Float, SearchSpace, make_family
from scripts.play import Arguments, Exercise, Hidden, read_configuration

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-W", "error", "-m", "scripts.play"]


def play(typed: str | bytes, *arguments: str) -> list[str]:
    """What the script prints, line by line."""
    typed = typed.encode() if isinstance(typed, str) else typed
    # Some of Gymnasium's versions open the sound, too, and there may be none.
    silent = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **silent}
    done = subprocess.run(
        [*COMMAND, *arguments], input=typed, capture_output=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr
    return done.stdout.decode().splitlines()


def test_the_reference_configurations_show_their_metrics():
    lines = play("0.5 50 0.01\n0.3 10 0.0001\n0.9 99 1\n")
    assert [line for line in lines if "precision" in line] == [
        "       precision 0.597  recall 0.587  loss 2.909  accuracy 0.7163  f1 0.592  "
        "(best f1 0.592)",
        "       precision 0.04924  recall 0.2933  loss 7.799  accuracy 0.2945  f1 0.08433  "
        "(best f1 0.592)",
        "       precision 0.6836  recall 0.00104  loss 1.836  accuracy 0.6836  f1 0.002076  "
        "(best f1 0.592)",
    ]


def test_the_end_says_what_was_hidden_and_how_random_search_does():
    lines = play("0.5 80 0.25\n0.9 99 1\n")
    assert lines[-4] == "Your best:      thr 0.5, epochs 80, lr 0.25: f1 0.7694"
    assert lines[-3] == "The optimum:    thr 0.4969, epochs 80, lr 0.2512: f1 0.7697"
    assert lines[-2] == "Your regret:    0.03 % of the best possible score"
    median, ahead = map(float, re.findall(r"([\d.]+) %", lines[-1]))
    assert 60 < median < 80
    assert ahead == 0.0
    assert not any("0.4969" in line or "regret" in line for line in lines[:-4])


def test_a_budget_ends():
    lines = play("0.5 50 0.01\n" * 9, "--evaluations", "4")
    assert sum("precision" in line for line in lines) == 4
    assert lines[-1].startswith("Random search:")


SLIPS = {
    "": "type 3 values, not 0, with spaces between them: thr epochs lr",
    "0.5 50": "type 3 values, not 2",
    "0.5 50 0,01": "lr = '0,01' is not a number such as 0.5 or 1e-3",
    "thr 50 0.01": "thr = 'thr' is not a number",
    "0.5 50.5 0.01": "epochs = 50.5 must be a whole number in [1, 100]",
    "1.5 50 0.01": "thr = 1.5 is outside [0.0, 1.0]; choose a value inside",
    "0.5 50 0": "lr = 0.0 is outside",
    "nan 50 0.01": "thr = nan must be a finite number",
    "0.5 50 1e999": "lr = inf must be a finite number",
}


def test_slips_are_said_in_words_and_cost_no_evaluation():
    lines = play("\n".join([*SLIPS, "0.5, 50, 0.01"]))
    first = next(number for number, line in enumerate(lines) if line.startswith(" 1/20> "))
    shown = lines[first:]
    for number, (typed, message) in enumerate(SLIPS.items()):
        assert shown[2 * number] == f" 1/20> {typed}"
        assert message in shown[2 * number + 1]
    assert shown[2 * len(SLIPS)] == " 1/20> 0.5, 50, 0.01"
    assert shown[2 * len(SLIPS) + 2] == " 2/20> "


def test_bytes_that_are_no_text_are_a_slip():
    assert "is not a number" in "".join(play(b"\xff\xfe 10 0.1\n"))


def test_nothing_typed_ends_without_a_word():
    assert play("")[-1] == " 1/20> "


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_as_ctrl_d_does():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    # Jobs in the background ignore the signal, and so would their children.
    heeded = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(COMMAND, cwd=ROOT, bufsize=1, **pipes, **heeded) as player:
        player.stdin.write("0.5 80 0.25\n")
        while "precision" not in player.stdout.readline():
            pass
        player.send_signal(signal.SIGINT)
        rest = player.stdout.read()
    assert player.returncode == 0
    assert "Your regret:    0.03 %" in rest


@pytest.mark.parametrize("family", ["fictitious", "binormal"])
def test_noise_is_the_environments(family):
    hidden, known = Hidden(make_family(family)), make_family(family)
    options = {"split": "test", "task": 7, "start": "none", "render_mode": "rgb_array"}
    envs = [gym.make("hpo_gym:FictitiousHPO-v0", family=f, **options) for f in (hidden, known)]
    for env in envs:
        env.reset(seed=3)
    for action in ([0.0, 0.2, -0.3], [0.1, 0.9, 0.4], [0.1, 0.9, 0.4]):
        mine, theirs = (env.step(action)[-1] for env in envs)
        assert not {"regret", "is_success"} & set(mine)
        assert {name: theirs[name] for name in hidden.metrics} == {
            name: mine[name] for name in hidden.metrics
        }
    hidden_frame, known_frame = (env.render() for env in envs)
    assert (hidden_frame[70:325, 75:330] == 255).mean() > 0.9  # the first map, all but empty
    assert (known_frame[70:325, 75:330] == 255).mean() < 0.1


def test_the_window_shows_a_search():
    lines = play("0.5 80 0.25\n", "--window")
    assert "The window plays it again, over the landscape that was hidden." in lines
    assert "Your regret:    0.03 % of the best possible score" in lines


def test_beale_is_minimised():
    lines = play("0 0\n3 0.5\n", "--family", "beale")
    assert "Your best:      x 3, y 0.5: f 0.0000" in lines
    assert "lowest f" in "".join(lines)


def test_the_answer(capsys):
    Exercise(Arguments()).answer()
    answer = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert answer == {
        "thr": "0.4969263312",
        "epochs": "80",
        "lr": "0.2511886432",
        "precision": "0.7680681424",
        "recall": "0.7712495183",
        "loss": "1.973925614",
        "accuracy": "0.931",
        "f1": "0.7696555428",
    }


def test_choices_are_typed_by_name():
    space = SearchSpace({"lr": Float(0, 1), "net": Categorical(["wide", "deep"]), "b": Float(0, 1)})
    typed = read_configuration("0.5 deep 1", space)
    assert typed == {"lr": 0.5, "net": "deep", "b": 1.0}
    with pytest.raises(ValueError, match="tall"):
        space.unit(read_configuration("0.5 tall 1", space))


class Unknown(Family):
    """Knows no optimum."""

    name, metrics, goals = "unknown", ("score",), {"score": "maximise"}
    space = SearchSpace({"x": Float(0, 1)})

    def noiseless(self, parameters, scaled, xp):
        return (scaled[0],)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": 1}, r"--task 1 must be a whole number in \[0, 0\]"),
        ({"family": "binormal", "task": -1}, "--task -1"),
        ({"evaluations": 0}, "--evaluations 0"),
        ({"seed": -1}, "--seed -1"),
        ({"family": "nope"}, "unknown family 'nope'"),
        ({"family": f"{__file__}:Unknown"}, "needs the best possible score"),
    ],
)
def test_mistakes_are_named_by_their_option(arguments, message):
    with pytest.raises(ValueError, match=message):
        Exercise(Arguments(**arguments))


def test_an_unknown_metric_is_refused():
    for name in ("nope", ""):
        with pytest.raises(ValueError, match=f"'{name}'"):
            Exercise(Arguments(metric=name)).run()


def test_families_that_an_import_registers(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from hpo_gym import register_family\n"
        "from hpo_gym.families.beale import BealeFamily\n"
        "@register_family\n"
        "class Mine(BealeFamily):\n"
        "    name = 'mine-by-hand'\n"
    )
    lines = play("", "--import", str(tmp_path / "mine.py"), "--family", "mine-by-hand")
    assert lines[-1] == " 1/20> "
