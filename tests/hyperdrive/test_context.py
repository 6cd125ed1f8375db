"""What a script logs: offline it is printed, in a run it is kept, whatever kills the writer."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from itertools import permutations

import numpy as np
import pytest
from hyperdrive_runs import LOGS, config, experiment, script

from hpo_gym.hyperdrive import Run, records


def test_offline_it_is_printed(capsys, monkeypatch):
    monkeypatch.delenv("HPO_GYM_HYPERDRIVE_CHILD", raising=False)
    run = Run.get_context()
    run.log("f1", 0.5)
    run.log_list("losses", [2, 1])
    run.log_row("table", epoch=1, loss=0.25)
    run.upload_file("outputs/model.pkl", "nowhere.pkl")
    run.child_run().log("f1", 1)
    run.complete()
    run.flush()
    assert capsys.readouterr().out.splitlines() == [
        "Attempted to log scalar metric f1:",
        "0.5",
        "Attempted to log list metric losses:",
        "[2, 1]",
        "Attempted to log row metric table:",
        "{'epoch': 1, 'loss': 0.25}",
        "Attempted to upload outputs/model.pkl",
        "Attempted to log scalar metric f1:",
        "1",
        "Attempted to mark the run as Completed",
    ]
    assert run.id.startswith("OfflineRun_")
    assert run.input_datasets == {}


def test_one_that_must_be_submitted_says_so(monkeypatch):
    monkeypatch.delenv("HPO_GYM_HYPERDRIVE_CHILD", raising=False)
    with pytest.raises(RuntimeError, match=r"Experiment\.submit"):
        Run.get_context(allow_offline=False)


def test_a_script_loads_no_library():
    """Neither Optuna nor what it brings: a child begins as fast as `import hpo_gym`."""
    code = (
        "import sys; from hpo_gym.hyperdrive import Run; Run.get_context(); "
        "print([m for m in ('optuna', 'sqlalchemy', 'torch', 'sklearn', 'scipy') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


EVERYTHING = """
    import io
    import numpy as np
    from hpo_gym.hyperdrive import Run

    run = Run.get_context()
    run.log("f1", np.float32(0.5))
    run.log("loss", 3, step=1)
    run.log("loss", 2, step=2)
    run.log("loss", float("nan"))
    run.log_list("list", [1, 2])
    run.log_list("list", np.array([3.0]))
    run.log_row("row", a=1, b="x")
    run.log_row("row", a=2, b="y")
    run.log_table("table", {"a": [1, 2], "b": [3, 4]})
    run.log_confusion_matrix("matrix", {"schema_type": "confusion_matrix", "data": {}})
    run.log_accuracy_table("accuracies", "{}")
    run.log_predictions("predictions", {})
    run.log_residuals("residuals", {})
    with open("curve.png", "wb") as file:
        file.write(b"png")
    run.log_image("curve", path="curve.png")
    run.tag("kind", "first")
    run.set_tags({"kind": "second", "more": "yes"})
    run.add_properties({"size": 3})
    run.upload_file("outputs/up.txt", io.BytesIO(b"up"))
    run.upload_files(["one.png", "two.png"], ["curve.png", "curve.png"])
    run.upload_folder("folder", "data")
    inner = run.child_run("inner")
    inner.log("f1", 0.75)
    print(run.id, run.parent.id, inner.parent.id, run.experiment.workspace.name)
"""


def test_everything_that_can_be_logged_is_kept(tmp_path):
    target = script(tmp_path, EVERYTHING)
    (tmp_path / "source" / "data" / "deep").mkdir(parents=True)
    (tmp_path / "source" / "data" / "deep" / "a.txt").write_text("a")
    run = experiment(tmp_path).submit(config(target, max_total_runs=1))
    run.wait_for_completion()
    (child,) = run.get_children()
    metrics = child.get_metrics()
    assert math.isnan(metrics["loss"].pop())
    assert metrics == {
        "f1": 0.5,
        "loss": [3, 2],
        "list": [1, 2, 3.0],
        "row": {"a": [1, 2], "b": ["x", "y"]},
        "table": {"a": [1, 2], "b": [3, 4]},
        "matrix": {"schema_type": "confusion_matrix", "data": {}},
        "accuracies": "{}",
        "predictions": {},
        "residuals": {},
        "curve": "curve.png",
    }
    assert child.get_metrics("f1") == {"f1": 0.5}
    assert child.get_tags() == {"kind": "second", "more": "yes"}
    assert child.get_properties() == {"size": 3}
    assert child.get_file_names() == [
        "curve.png",
        "folder/deep/a.txt",
        "one.png",
        "outputs/up.txt",
        "two.png",
        "user_logs/std_log.txt",
    ]
    (inner,) = child.get_children()
    assert inner.get_metrics() == {"f1": 0.75}
    assert child.log_text() == f"{child.id} {run.id} {child.id} hyperdrive\n"
    child.download_files("outputs", tmp_path / "down")
    assert (tmp_path / "down" / "outputs" / "up.txt").read_text() == "up"
    child.download_file("one.png", tmp_path / "down")
    assert (tmp_path / "down" / "one.png").read_bytes() == b"png"
    with pytest.raises(FileNotFoundError, match=r"name = 'three.png'.*one\.png"):
        child.download_file("three.png")


def test_a_figure_is_kept(tmp_path):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    run = experiment(tmp_path).submit(config(script(tmp_path, LOGS), max_total_runs=1))
    run.wait_for_completion()
    (child,) = run.get_children()
    child.log_image("curve", plot=figure)
    assert (child.folder / "files" / "curve.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="exactly one"):
        child.log_image("curve")


WRITER = """
import sys
from pathlib import Path
from hpo_gym.hyperdrive import records

entry = {"kind": "list", "name": "f1", "value": list(range(20000)), "time": 0}
print("begun", flush=True)
while True:
    records.append(Path(sys.argv[1]), entry)
"""


def test_a_writer_that_is_killed_leaves_whole_entries(tmp_path):
    file, seen = tmp_path / "records.jsonl", 0
    for delay in (0.01, 0.017, 0.023):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout.readline() == b"begun\n"
            time.sleep(delay)
            writer.send_signal(signal.SIGKILL)
        entries = records.Reader(file).read()
        assert len(entries) > seen
        assert all(len(entry["value"]) == 20000 for entry in entries)
        seen = len(entries)


def test_a_line_that_was_cut_off_is_skipped_and_spoils_no_other(tmp_path):
    file = tmp_path / "records.jsonl"
    reader = records.Reader(file)
    assert reader.read() == []
    records.append(file, {"kind": "scalar", "name": "f1", "value": 1, "time": 0})
    with file.open("a") as cut:
        cut.write('{"kind": "scalar", "name": "f')
    assert [entry["value"] for entry in reader.read()] == [1]
    assert reader.read() == []
    records.append(file, {"kind": "scalar", "name": "f1", "value": np.int64(2), "time": 0})
    assert [entry["value"] for entry in reader.read()] == [2]
    assert len(records.Reader(file).read()) == 2


def test_intervals_are_scalars_and_the_entries_of_lists():
    def entry(kind, value, name="f1"):
        return json.loads(json.dumps({"kind": kind, "name": name, "value": value}))

    assert records.numbers(entry(records.SCALAR, 1), "f1") == [1.0]
    assert records.numbers(entry(records.LIST, [1, 2]), "f1") == [1.0, 2.0]
    assert records.numbers(entry(records.SCALAR, "text"), "f1") == []
    assert records.numbers(entry(records.SCALAR, 1, "loss"), "f1") == []
    assert records.numbers(entry(records.ROW, {"f1": 1}), "f1") == []


def test_kinds_may_mix_under_one_name():
    scalar, listed = (records.SCALAR, 0.5), (records.LIST, [1, 2])
    row, table, file = (records.ROW, {"a": 1}), (records.TABLE, {"a": [2], "b": [3]}), "curve.png"

    def found(*kinds):
        entries = [{"kind": kind, "name": "f1", "value": value} for kind, value in kinds]
        once = records.metrics(entries)
        assert records.metrics(entries) == once, "entries stay what they are"
        return once["f1"]

    assert found(scalar, row, table) == [0.5, {"a": 1}, {"a": [2], "b": [3]}]
    assert found(row, table, scalar) == [{"a": [1, 2], "b": [3]}, 0.5]
    assert found(row, listed) == [{"a": 1}, 1, 2]
    assert found(listed, row, scalar) == [1, 2, {"a": 1}, 0.5]
    assert found((records.FILE, file), row) == [file, {"a": 1}]
    assert found((records.FILE, {"a": 0}), row, table) == {"a": [0, 1, 2], "b": [3]}
    for kinds in permutations((scalar, listed, row, table, (records.FILE, file))):
        found(*kinds)
