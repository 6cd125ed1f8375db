"""What a page shows of a run, as JSON, and the ends of logs."""

import json
import math

import pytest
from hyperdrive_pages import look, row
from hyperdrive_runs import config, experiment, family_config, script

from hpo_gym.hyperdrive import (
    BanditPolicy,
    FamilyRunConfig,
    PrimaryMetricGoal,
    RunDetails,
    choice,
    lognormal,
    loguniform,
    randint,
    uniform,
)
from hpo_gym.hyperdrive.details.logs import MOST_BYTES, as_terminal, child_log, run_log
from hpo_gym.hyperdrive.details.look import MOST_POINTS

TARGET = FamilyRunConfig("recorded")


def test_a_known_run(tmp_path):
    target = FamilyRunConfig("recorded", epochs=9)
    given = family_config(target=target, max_total_runs=3, max_concurrent_runs=2)
    run = experiment(tmp_path).submit(given, seed=1)
    run.wait_for_completion()
    data = RunDetails(run).get_widget_data()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert (data["id"], data["experiment"], data["status"]) == (run.id, "tests", "Completed")
    assert (data["metric"], data["goal"], data["total"]) == ("f1", "maximize", 3)
    assert data["terminal"] and data["virtual"]
    assert data["started"] <= data["ended"] <= data["now"]
    assert data["properties"] == {
        "sampling": "RandomParameterSampling",
        "policy": "NoTerminationPolicy",
        "children": "3, 2 at a time",
        "target": "task 0 of the split test of recorded",
    }
    assert data["space"] == [["thr", "uniform(0, 1)"], ["lr", "choice(0.1, 0.3, 1.0)"]]
    options = {"name": "lr", "scale": "options", "options": ["0.1", "0.3", "1.0"]}
    assert data["parameters"] == [{"name": "thr", "scale": "linear"}, options]
    best = run.get_best_run_by_primary_metric()
    assert data["best"] == best.number
    for child, known in zip(data["children"], run.rows(), strict=True):
        assert (child["number"], child["status"]) == (known.number, "Completed")
        assert (child["started"], child["ended"]) == (known.started, known.ended)
        thr, lr = child["values"]
        assert (thr, float(lr)) == tuple(known.configuration.values())
        assert child["x"] == [1, 2, 3, 4, 5, 6, 7, 8, 9] and child["intervals"] == 9
        assert child["y"] == pytest.approx(known.curve, rel=1e-5)
        assert child["best"] == pytest.approx(max(known.curve), rel=1e-7)
        assert child["last"] == pytest.approx(known.curve[-1], rel=1e-7)


def test_numbers_have_eight_digits_and_none_is_nan():
    rows = [
        row(0, [0.123456789, 0.1]),
        row(1, [math.nan, -math.inf]),
        row(2, [math.nan]),
        row(3, [1.23456789e-12]),
        row(4, []),
    ]
    data = look(config(TARGET), rows)
    json.dumps(data, allow_nan=False)
    assert [child["best"] for child in data["children"]] == [
        0.12345679, None, None, 1.2345679e-12, None,
    ]  # fmt: skip
    assert [child["last"] for child in data["children"]] == [
        0.1, "-inf", "nan", 1.2345679e-12, None,
    ]  # fmt: skip
    assert data["children"][1]["y"] == [None, None]
    assert data["best"] == 0
    least = config(TARGET, primary_metric_goal=PrimaryMetricGoal.MINIMIZE)
    assert look(least, rows)["best"] == 3


def test_policy_and_expressions_are_written_as_they_were_given():
    space = {"rate": loguniform(-2, 0), "kind": choice("a", 1, None)}
    policy = BanditPolicy(slack_amount=0.25, delay_evaluation=3)
    data = look(config(TARGET, space, policy=policy), [])
    shown = "BanditPolicy(evaluation_interval=1, delay_evaluation=3, slack_amount=0.25)"
    assert data["properties"]["policy"] == shown
    assert data["space"] == [["rate", "loguniform(-2, 0)"], ["kind", "choice('a', 1, None)"]]
    assert (data["best"], data["parameters"], data["children"]) == (None, [], [])


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        (uniform(-1, 1), [0.5, -0.5], "linear"),
        (randint(9), [0, 3], "linear"),
        (loguniform(-3, 0), [0.1, 0.5], "log"),
        (lognormal(0, 1), [0.1, 5.0], "log"),
        (["qloguniform", [0, 3, 5]], [0, 5], "linear"),  # 0 has no logarithm
        (choice(64, 16, 32), [64], ["16", "32", "64"]),
        (choice(range(13)), [7], "linear"),
        (choice("b", "a"), ["a", "c"], ["b", "a", "c"]),  # "c": of a child that was resumed
        (choice(True, False), [True], ["True", "False"]),
        (choice(None, 0.5), [0.5], ["None", "0.5"]),
        (choice([[8, 16], [4]]), [[4]], ["[8, 16]", "[4]"]),
    ],
    ids=str,
)
def test_axes_of_hyperparameters(expression, values, expected):
    rows = [row(number, configuration={"x": value}) for number, value in enumerate(values)]
    data = look(config(TARGET, {"x": expression}), rows)
    (parameter,) = data["parameters"]
    assert parameter["name"] == "x"
    assert parameter.get("options", parameter["scale"]) == expected
    shown = [child["values"] for child in data["children"]]
    assert shown == [[str(value) if isinstance(expected, list) else value] for value in values]


def test_spaces_within_a_space_have_columns_of_their_own():
    trees = {"kind": choice("tree"), "depth": randint(9)}
    lines = {"kind": choice("line"), "C": uniform(0, 1)}
    rows = [
        row(0, configuration={"model": {"kind": "tree", "depth": 3}}),
        row(1, configuration={"model": {"kind": "line", "C": 0.5}, "extra": 1}),
    ]
    data = look(config(TARGET, {"model": choice(trees, lines)}), rows)
    names = [parameter["name"] for parameter in data["parameters"]]
    assert names == ["model.kind", "model.depth", "model.C", "extra"]
    assert data["parameters"][0]["options"] == ["tree", "line"]
    shown = [child["values"] for child in data["children"]]
    assert shown == [["tree", 3, None, None], ["line", None, 0.5, 1]]


@pytest.mark.parametrize("length", [MOST_POINTS, MOST_POINTS + 1, 12_345])
def test_long_curves_are_thinned_and_keep_their_ends_and_their_best(length):
    curve = [0.5 + index / length / 4 for index in range(length)]
    curve[77] = 0.9
    (child,) = look(config(TARGET), [row(0, curve)])["children"]
    assert child["intervals"] == length
    assert len(child["x"]) <= MOST_POINTS
    assert {1, 78, length} <= set(child["x"])
    assert child["x"] == sorted(set(child["x"]))
    assert child["y"] == pytest.approx([curve[x - 1] for x in child["x"]], rel=1e-5)


@pytest.mark.filterwarnings("ignore:no child logged")
def test_the_end_of_a_log_from_the_beginning_of_a_line(tmp_path):
    text = "for k in range(20_000): print('line', k, 'ü' * 5)"
    target = script(tmp_path, text)
    run = experiment(tmp_path).submit(config(target, max_total_runs=1))
    run.wait_for_completion()
    whole = run.child(0).log_text()
    log = child_log(run, 0)
    assert log.size == len(whole.encode()) > MOST_BYTES >= log.shown > MOST_BYTES - 100
    assert log.text.startswith("line ") and whole.endswith(log.text)
    assert log.shown == len(log.text.encode())
    assert child_log(run, 0, log.size) == (whole, log.size, log.size)
    assert f"{run.id}_0: Completed" in run_log(run).text
    with pytest.raises(ValueError, match="no such run"):
        child_log(run, 1)


def test_logs_are_shown_as_a_terminal_would():
    printed = "\x1b[31mred\x1b[0m\r\n 10 %\r100 %\nlast\r"
    assert as_terminal(printed) == "red\n100 %\nlast"
