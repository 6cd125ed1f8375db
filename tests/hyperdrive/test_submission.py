"""What is kept of a submission: equal objects come back, and damaged files are no surprise."""

import copy
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hyperdrive_declarations import SENT
from hyperdrive_runs import config, experiment, family_config, script

import hpo_gym.hyperdrive as hyperdrive
from hpo_gym.families.binormal.family import BinormalFamily
from hpo_gym.hyperdrive import (
    BanditPolicy,
    Environment,
    FamilyRunConfig,
    HyperDriveConfigException,
    HyperDriveRun,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    TruncationSelectionPolicy,
    choice,
    submission,
    uniform,
)
from hpo_gym.hyperdrive.submission import CONFIG

MADE = [eval(call, vars(hyperdrive)) for call in SENT if "Sampling" in call]
POLICIES = [
    NoTerminationPolicy(),
    BanditPolicy(2, slack_factor=0.1, delay_evaluation=3),
    BanditPolicy(slack_amount=0),
    MedianStoppingPolicy(2, 5),
    TruncationSelectionPolicy(20, 3, 4),
]


class Own(BinormalFamily):
    """A family of this module."""


def kept(folder, given, seed=5):
    """What comes back."""
    (folder / submission.SNAPSHOT).mkdir(exist_ok=True)
    (folder / submission.SNAPSHOT / "train.py").touch()
    (folder / CONFIG).write_text(submission.as_text(given, seed))
    return submission.read(folder)


def facts(thing):
    """All that an object consists of; families by their descriptions."""
    if hasattr(thing, "describe"):
        return thing.describe()
    known = getattr(thing, "__dict__", None)
    if known is None or isinstance(thing, PrimaryMetricGoal):
        return thing
    return type(thing), {name: facts(value) for name, value in known.items()}


@pytest.mark.filterwarnings("ignore:max_total_runs")
@pytest.mark.parametrize("sampling", MADE, ids=lambda sampling: type(sampling).__name__)
def test_samplings_come_back(tmp_path, sampling):
    given = family_config(hyperparameter_sampling=sampling)
    assert facts(kept(tmp_path, given).config) == facts(given)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
def test_policies_come_back(tmp_path, policy):
    goal = PrimaryMetricGoal.MINIMIZE
    given = family_config(policy=policy, primary_metric_goal=goal, custom_run_id="mine")
    found = kept(tmp_path, given)
    assert facts(found.config) == facts(given)
    assert (found.seed, found.runs, found.children) == (5, [], [])


@pytest.mark.parametrize(
    "target",
    [
        FamilyRunConfig("fictitious", split="validation", task=3, noise=0.25, epochs=7, seed=9),
        FamilyRunConfig({"name": "notebook", "k_accuracy": 0.9}, epoch_duration=[1, 2.5]),
        FamilyRunConfig(Own()),
    ],
    ids=["fictitious", "notebook", "own"],
)
def test_families_come_back(tmp_path, target):
    given = family_config(target=target, max_duration_minutes=1.5, max_concurrent_runs=3)
    assert facts(kept(tmp_path, given).config) == facts(given)


def test_scripts_come_back_also_without_their_source(tmp_path):
    environment = Environment("mine", ["numpy>=2"])
    environment.environment_variables["COLOUR"] = "red"
    options = {"environment": environment, "max_run_duration_seconds": 2.5, "compute_target": "cpu"}
    given = config(script(tmp_path, "pass", arguments=["--n", 3, 0.5, None], **options))
    for command in (None, "python train.py --x ${{search_space.x}}", ["python", "train.py", 1]):
        if command is not None:
            given.run_config.script, given.run_config.command = None, command
        assert facts(kept(tmp_path, given).config) == facts(given)
    (tmp_path / "source" / "train.py").unlink()
    (tmp_path / "source").rmdir()
    assert submission.read(tmp_path).config.run_config.source_directory == str(tmp_path / "source")


def test_what_json_lacks_is_converted(tmp_path):
    words = [np.int64(3), np.float32(0.5), tmp_path / "data", (1, 2), np.arange(2)]
    space = {"x": choice((1, 2), {"y": uniform(0, 1), "z": (3, 4)})}
    space["n"] = choice(np.int64(2), np.float64(0.5))
    target = script(tmp_path, "pass", arguments=words)
    found = kept(tmp_path, config(target, space), seed=np.uint32(7))
    assert found.seed == 7
    assert found.config.run_config.arguments == [3, 0.5, str(tmp_path / "data"), [1, 2], [0, 1]]
    assert found.config.hyperparameter_sampling.parameter_space == {
        "x": ["choice", [[[1, 2], {"y": ["uniform", [0, 1]], "z": [3, 4]}]]],
        "n": ["choice", [[2, 0.5]]],
    }


class Mine(BanditPolicy):
    """A policy of the user's own."""


class Ours(RandomParameterSampling):
    """A sampling of the user's own."""


def local_family():
    class Local(BinormalFamily):
        pass

    return FamilyRunConfig(Local())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"policy": Mine(slack_factor=0.1)}, "policy = .*Mine.* use one of BanditPolicy, Median"),
        ({"hyperparameter_sampling": Ours({"x": uniform(0, 1)})}, "hyperparameter_sampling = .*"),
        ({"target": local_family()}, "family = .*Local.* top level of a module"),
        ({"arguments": ["--f", print]}, r"run_config.arguments .*<built-in function print>"),
        ({"arguments": [{(1, 2): 3}]}, "run_config.arguments .*keys must be str"),
        ({"compute_target": object()}, "run_config.compute_target .*<object object"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "+".join(value),
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(tmp_path, options, words):
    names = ("arguments", "compute_target")
    target = script(tmp_path, "pass", **{k: v for k, v in options.items() if k in names})
    target = options.get("target", target)
    others = {k: v for k, v in options.items() if k not in (*names, "target")}
    with pytest.raises(HyperDriveConfigException, match=words):
        experiment(tmp_path).submit(config(target, **others))
    assert list(tmp_path.glob("hyperdrive/*/*")) == []


def test_a_script_that_stays_behind_is_refused(tmp_path):
    target = script(tmp_path, "pass")
    (tmp_path / "source" / ".amlignore").write_text("train*\n")
    with pytest.raises(HyperDriveConfigException, match=r"'train\.py' stays behind"):
        experiment(tmp_path).submit(config(target))
    assert list(tmp_path.glob("hyperdrive/*/*")) == []


def paths(value, here=()):
    """Where there is something in a JSON."""
    yield here
    items = {dict: lambda: value.items(), list: lambda: enumerate(value)}.get(type(value), tuple)
    for key, part in items():
        yield from paths(part, (*here, key))


def changed(value, path, new):
    """The value with something else at one place."""
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


@pytest.mark.parametrize("target", ["script", "family"])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, target):
    known = script(tmp_path, "pass", environment=Environment("e"))
    known = FamilyRunConfig("binormal") if target == "family" else known
    kept(tmp_path, config(known, policy=BanditPolicy(slack_factor=0.1)))
    file = tmp_path / CONFIG
    good = json.loads(file.read_text())
    good["resume_from"] = [{"folder": "a", "curves": [[0.5]]}]
    good["resume_child_runs"] = [{"folder": "a", "configuration": {"x": 1}}]
    refused = 0
    for path in list(paths(good)):
        for new in (None, [], {}, -1, 1e400, "\0", [[[]]], {"name": "nobody"}):
            file.write_text(json.dumps(changed(good, path, new)))
            try:
                submission.read(tmp_path)
            except ValueError as error:
                refused += 1
                assert str(file) in str(error) and "submit the configuration" in str(error)
    assert refused > 50
    for text in ("", "{", "[]", "[" * 100_000, '"\\ud800"', "null"):
        file.write_text(text)
        with pytest.raises(ValueError, match="cannot be read"):
            submission.read(tmp_path)
    file.unlink()
    with pytest.raises(ValueError, match=rf"{CONFIG} cannot be read: FileNotFoundError"):
        submission.read(tmp_path)


@pytest.mark.parametrize("name", ["evil:Family", "{file}:Family", "objective", "os:system", "live"])
def test_no_module_is_imported_because_a_file_names_it(tmp_path, monkeypatch, name):
    mark, module = tmp_path / "mark", tmp_path / "evil.py"
    module.write_text(f"open({str(mark)!r}, 'w')\nFamily = objective = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    kept(tmp_path, family_config())
    facts = json.loads((tmp_path / CONFIG).read_text())
    family = {"name": name.format(file=module)}
    if name == "objective":
        family |= {"objective": "evil:objective", "space": {}, "goals": {}}
    facts["run_config"]["family"] = family
    (tmp_path / CONFIG).write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r"config\.json cannot be read: .*unknown here"):
        submission.read(tmp_path)
    assert not mark.exists() and "evil" not in sys.modules


def test_earlier_runs_are_needed_no_more(tmp_path):
    """A run goes on, and is looked at, when what it went on from is gone."""
    tests = experiment(tmp_path)
    first = tests.submit(family_config(max_total_runs=2), seed=1)
    first.wait_for_completion()
    options = {"resume_from": first, "resume_child_runs": [first.child(1)]}
    second = tests.submit(family_config(**options, max_total_runs=2), seed=2)
    second.wait_for_completion()
    there = second.hyperdrive_config
    assert [run.id for run in there.resume_from] == [first.id]
    assert [child.id for child in there.resume_child_runs] == [first.child(1).id]
    curves, configuration = [row.curve for row in first.rows()], first.rows()[1].configuration
    first.folder.rename(tmp_path / "gone")
    found = submission.read(second.folder)
    assert found.runs == [(first.folder, curves)]
    assert found.children == [(first.folder / f"{first.id}_1", configuration)]
    gone = HyperDriveRun(tests, second.id).hyperdrive_config
    assert gone.resume_from == gone.resume_child_runs == ()
    assert second.get_best_run_by_primary_metric().parent.id == second.id


def test_the_file_is_json_alone(tmp_path):
    run = experiment(tmp_path).submit(family_config(max_total_runs=1), seed=3)
    run.wait_for_completion()
    facts = json.loads((run.folder / CONFIG).read_text())
    assert facts["seed"] == 3 and facts["run_config"]["family"]["name"] == "recorded"
    assert not [name for name in os.listdir(run.folder) if Path(name).suffix == ".pickle"]
