"""Every setting of every algorithm refuses what it cannot be, before anything is written."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest

from agents.training.algorithms import ALGORITHMS
from agents.training.bounds import Length, OneOf, Within, check_fields
from scripts.train import Arguments, run

ROOT = Path(__file__).parents[2]
PLACES = {
    "ppo": {"env": "FictitiousHPO-v0"},
    "dqn": {"env": "FictitiousHPONudge-v0"},
    "recurrent_ppo": {"family": "fictitious"},
    "unrolled": {"family": "fictitious"},
    "anyspace": {"family": "anyspace"},
    "classifier": {"family": "recorded"},
}
# As JSON has them. None of them is good for any setting, except for those of `GOOD`.
BAD = ["NaN", "Infinity", "-Infinity", "-1", "1e300", "-0.5", '"8"', '"tanh "', "[]", "[[8]]", "{}"]
BAD += ["[8, 0]", "[8, 1.5]", "[8, true]", "[8, null]", "[NaN]", "100000000000000000000", '""']
BY_KIND = {
    int: ["0.5", "1.0", "true", "null", "[8]"],
    float: ["true", "false", "null", "[0.5]"],
    bool: ["0", "1", "null", '"true"', "[true]"],
    str: ["0", "true", '["return"]'],
    tuple: ["0", "8", "true", "[true]", "[5000]", json.dumps([8] * 9)],
}
GOOD = {"forget_bias": {"-1", "-0.5"}, "log_std_init": {"-1", "-0.5"}}
ZERO_IS_GOOD = ("learning_starts", "warm_up")


def kind_of(hint):
    """The plain type in a hint: of "Annotated[tuple[int, ...], bound] | None", tuple."""
    if isinstance(hint, type):
        return hint
    return tuple if get_origin(hint) is tuple else kind_of(get_args(hint)[0])


def cases():
    for agent, algorithm in ALGORITHMS.items():
        hints = get_type_hints(type(algorithm.default), include_extras=True)
        for field in fields(algorithm.default):
            kind, empty = kind_of(hints[field.name]), type(None) in get_args(hints[field.name])
            values = [*BAD, *BY_KIND[kind]]
            if kind is int and field.name not in ZERO_IS_GOOD:
                values.append("0")
            good = GOOD.get(field.name, set()) | ({"null"} if empty else set())
            yield agent, field.name, [value for value in values if value not in good]


CASES = [*cases()]


@pytest.mark.parametrize(("agent", "name", "values"), CASES, ids=lambda part: str(part)[:20])
def test_a_bad_setting_is_one_line_and_no_folder(agent, name, values, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in values:
        settings = f'{{"{name}": {value}}}'
        with pytest.raises(SystemExit) as exited:
            run(Arguments(agent=agent, settings=settings, **PLACES[agent]))
        message = exited.value.code
        assert message.startswith(f"error: --settings: {name} = ")
        assert "must be" in message and "such as the default" in message
        assert message.count("\n") == 0 and not [*tmp_path.iterdir()]


def test_there_are_many_cases():
    assert sum(len(values) for _, _, values in CASES) > 1500


@pytest.mark.parametrize("agent", ALGORITHMS)
def test_defaults_are_good_and_every_number_has_bounds(agent):
    algorithm = ALGORITHMS[agent]
    for settings in (algorithm.default, *algorithm.by_environment.values()):
        check_fields(settings)
    for name, hint in get_type_hints(type(algorithm.default), include_extras=True).items():
        if name in {field.name for field in fields(algorithm.default)}:
            assert "Annotated" in repr(hint) or hint is bool, name


@dataclass(frozen=True)
class Some:
    count: Annotated[int, Within(1, 8)] = 1
    share: Annotated[float, Within(0.0, 1.0, above=True)] | None = None
    sizes: Annotated[tuple[Annotated[int, Within(1, 4)], ...], Length(1, 2)] = (1,)
    name: Annotated[str, OneOf({"a": 0, "b": 1})] = "a"
    flag: bool = False

    def __post_init__(self):
        check_fields(self)


def test_what_errors_say():
    for wrong, message in [
        ({"count": 9}, "count = 9 must be a whole number in [1, 8], such as the default 1"),
        ({"share": 0}, "share = 0 must be a number in (0, 1] or null, such as the default None"),
        ({"sizes": [1, 5]}, "sizes = (1, 5) must be 1 to 2 entries, each a whole number in [1, 4]"),
        ({"name": "c"}, "name = 'c' must be one of ['a', 'b'], such as the default 'a'"),
        ({"flag": 1}, "flag = 1 must be true or false, such as the default False"),
        ({"name": "x" * 99}, "name = 'xxx"),
    ]:
        with pytest.raises(ValueError) as refused:
            Some(**wrong)
        assert str(refused.value).startswith(message) and len(str(refused.value)) < 150
    good = Some(count=8, share=1, sizes=[4, 1], name="b", flag=True)
    assert good.sizes == (4, 1) and good.share == 1


@pytest.mark.parametrize(
    ("agent", "settings", "message"),
    [
        ("ppo", {"num_envs": 1, "n_steps": 1}, "rollouts of 1 steps, which must be 2 to"),
        ("ppo", {"num_envs": 60000, "n_steps": 60000}, "rollouts of 3600000000 steps"),
        ("dqn", {"num_envs": 60000, "train_freq": 60000}, "rollouts of 3600000000 steps"),
        ("recurrent_ppo", {"num_envs": 3, "n_steps": 3, "batch_size": 4}, "one of the 9 steps"),
        ("unrolled", {"evaluation_episodes": 4097}, "has 4096 tasks; ask for [1, 4096]"),
        ("ppo", {"criterion": "regret"}, "has 1 tasks"),
    ],
)
def test_settings_that_do_not_fit_each_other(agent, settings, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exited:
        run(Arguments(agent=agent, settings=json.dumps(settings), **PLACES[agent]))
    assert message in exited.value.code and not [*tmp_path.iterdir()]


def test_a_bad_setting_from_a_shell(tmp_path):
    command = [sys.executable, "-m", "scripts.train", "--agent", "ppo", "--env", "BealeHPO-v0"]
    done = subprocess.run(
        [*command, "--settings", '{"hidden": "64"}'],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and not [*tmp_path.iterdir()]
    assert done.stderr.startswith("error: --settings: hidden = '64' must be 1 to 8 entries")


@pytest.mark.parametrize("name", ["criterion", "hidden", "observation"])
def test_settings_that_the_tuner_for_any_space_has_not(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=rf"unknown settings \['{name}'\]; choose from"):
        run(Arguments(agent="anyspace", family="anyspace", settings=f'{{"{name}": null}}'))
    assert not [*tmp_path.iterdir()]
