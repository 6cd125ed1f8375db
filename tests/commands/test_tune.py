"""`python -m hpo_gym tune`: what it finds, keeps and prints, and what it refuses."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import matplotlib
import optuna
import pytest

import scripts.tune
from hpo_gym.commands.tune.arguments import Arguments
from hpo_gym.commands.tune.command import main, tune
from hpo_gym.commands.tune.model_target import load_table

OBJECTIVES = Path(__file__).parents[1] / "support" / "objectives.py"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTES", str(tmp_path / "notes.txt"))
    Path("notes.txt").touch()


def of(function, **options):
    return Arguments(objective=f"{OBJECTIVES}:{function}", plots=False, **options)


def trials_of(file, name=None):
    return optuna.load_study(study_name=name, storage=f"sqlite:///{file}").trials


def run_file(path):
    done = subprocess.run(
        [sys.executable, "-W", "error", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_function_is_tuned_by_its_annotations(capsys):
    assert tune(of("bowl", budget=12, goal="minimize")) == 0
    folder = Path("results/tune/objectives-bowl")
    trials = trials_of(folder / "study.sqlite")
    best = min(trial.value for trial in trials)
    assert len(trials) == 12
    assert best < 2.0
    assert float(run_file(folder / "best.py")) == pytest.approx(best)
    printed = capsys.readouterr().out
    assert "n     whole numbers from 1 to 4" in printed
    assert f"The best value is {best:.6g}" in printed
    assert (folder / "best.py").read_text() in printed


def test_a_function_of_configurations_with_metrics(capsys):
    Path("space.json").write_text('{"x": {"low": -1.0, "high": 1.0}}')
    space = Path("space.json")
    assert tune(of("metrics", space=space, metric="accuracy", budget=4)) == 0
    trials = trials_of("results/tune/objectives-metrics/study.sqlite")
    for trial in trials:
        assert trial.value == trial.user_attrs["accuracy"] == 1.0 - abs(trial.params["x"])
        assert trial.user_attrs["loss"] == trial.params["x"] ** 2
    assert float(run_file("results/tune/objectives-metrics/best.py").split()[-1][:-1]) > 0.0


def test_a_study_is_gone_on_with_as_if_nothing_had_happened(capsys):
    for file, budgets in (("whole.sqlite", [9]), ("parts.sqlite", [4, 5, 9, 9])):
        for budget in budgets:
            # The tuner plans with its budget, which is the last one from the beginning.
            tune(of("bowl", budget=budget, study=Path(file)))
    parts = trials_of("parts.sqlite")
    assert len(parts) == len(trials_of("whole.sqlite")) == 9
    capsys.readouterr()
    tune(of("bowl", budget=9, study=Path("parts.sqlite")))
    table = capsys.readouterr().out
    assert all(f"\n{number:5}  " in table for number in range(9))
    assert "9 of 9 evaluations are done" in table


def test_a_start_is_tried_first_and_once():
    start = '{"x": 0.125, "n": 2, "sign": -1}'
    for budget in (2, 4):
        tune(of("bowl", budget=budget, start=start))
    trials = trials_of("results/tune/objectives-bowl/study.sqlite")
    assert len(trials) == 4
    assert [t.number for t in trials if t.params == {"x": 0.125, "n": 2, "sign": -1}] == [0]


def test_workers_do_the_same_number(capsys):
    assert tune(of("bowl", budget=7, executor="processes:2")) == 0
    trials = trials_of("results/tune/objectives-bowl/study.sqlite")
    assert [trial.number for trial in trials] == list(range(7))
    assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in trials)
    assert len({str(trial.params) for trial in trials}) == 7


def test_another_tuning_does_not_mix_with_it():
    file = Path("study.sqlite")
    tune(of("bowl", budget=2, study=file))
    with pytest.raises(ValueError, match=r"a study with seed = 0, not 1: give the same settings"):
        tune(of("bowl", budget=2, study=file, seed=1))
    tune(of("moody", budget=2, study=file))  # a file may have several studies
    assert len(trials_of(file, "objectives-bowl")) == len(trials_of(file, "objectives-moody")) == 2


@pytest.mark.parametrize(
    ("directions", "trials"), [(["minimize"], 0), (["maximize"], 1), (["maximize", "minimize"], 0)]
)
def test_a_study_of_another_program_is_left_alone(directions, trials):
    study = optuna.create_study(
        study_name="objectives-bowl", storage="sqlite:///study.sqlite", directions=directions
    )
    study.optimize(lambda trial: trial.suggest_float("x", -1.0, 1.0), n_trials=trials)
    with pytest.raises(ValueError, match="'objectives-bowl' that another program made; name anoth"):
        tune(of("bowl", budget=2, study=Path("study.sqlite")))
    assert len(trials_of("study.sqlite")) == trials


def test_figures_are_drawn_and_leave_no_style():
    style = matplotlib.rcParams["axes.facecolor"]
    assert tune(Arguments(objective=f"{OBJECTIVES}:bowl", budget=5, out=Path("here"))) == 0
    files = {path.name for path in Path("here").iterdir() if not path.name.endswith(".lock")}
    figures = {"history.png", "importance.png", "parallel.png"}
    assert files == {"best.py", "study.sqlite", *figures}
    assert matplotlib.rcParams["axes.facecolor"] == style


def test_figures_that_there_is_too_little_for_are_said(capsys):
    pytest.importorskip("matplotlib")
    assert tune(Arguments(objective=f"{OBJECTIVES}:bowl", budget=1)) == 0
    assert "no figures: there is too little to show" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "target", "metric"),
    [("svm", "kind", None), ("linear", "kind", "neg_log_loss"), ("neighbors", "size", None)],
)
def test_a_model_is_tuned_on_a_table(model, target, metric):
    pytest.importorskip("sklearn")
    rows = [
        f"{i % 17},{'ab'[i % 2]},{i * 0.37 % 5 if i % 9 else ''},{'yn'[i % 17 > 8]},{i % 17 * 2.5}"
        for i in range(85)
    ]
    Path("data.csv").write_text("\n".join(["age,city,income,kind,size", *rows]))
    options = {"model": model, "metric": metric, "folds": 3, "budget": 4, "plots": False}
    assert tune(Arguments(csv=Path("data.csv"), target=target, **options)) == 0
    folder = Path(f"results/tune/data-{model}")
    trials = trials_of(folder / "study.sqlite")
    best = max(trial.value for trial in trials)
    assert float(run_file(folder / "best.py")) == pytest.approx(best, rel=1e-9)
    Path("new.csv").write_text("income,kind,size,city,age\n,y,1,c,3\n2,n,30,a,\n")
    Path(folder / "predict.py").write_text(
        "from best import model, table\nprint(*model.predict(table.read_inputs('new.csv')))\n"
    )
    assert len(run_file(folder / "predict.py").split()) == 2


def test_a_changed_table_is_another_tuning():
    pytest.importorskip("sklearn")
    rows = [f"{i},{i % 2}" for i in range(30)]
    for end in ([], ["3.5,1"]):
        Path("data.csv").write_text("\n".join(["x,y", *rows, *end]))
        load_table.cache_clear()  # one process tunes one table
        options = {"model": "linear", "budget": 1, "plots": False}
        arguments = Arguments(csv=Path("data.csv"), target="y", **options)
        if end:
            with pytest.raises(ValueError, match="holds a study with data = "):
                tune(arguments)
        else:
            tune(arguments)


def test_a_metric_that_a_fold_without_a_class_has_not_is_refused():
    pytest.importorskip("sklearn")
    Path("data.csv").write_text("\n".join(["x,y", *[f"{i},{int(i < 3)}" for i in range(40)]]))
    rare = {"csv": Path("data.csv"), "target": "y", "model": "linear", "metric": "roc_auc"}
    with pytest.raises(ValueError, match=r"the rarest class, 1, of 3 rows: give fewer --folds"):
        tune(Arguments(**rare))
    assert tune(Arguments(**rare, folds=3, budget=1, plots=False)) == 0


def test_a_class_that_reads_as_missing_is_named():
    Path("data.csv").write_text("\n".join(["x,y", *[f"{i},{'NB'[i % 2]}one" for i in range(40)]]))
    with pytest.raises(ValueError, match=r"one class, 'Bone': .*; 20 rows .* 'None'"):
        tune(Arguments(csv=Path("data.csv"), target="y"))


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_a_data_set_is_there(name):
    pytest.importorskip("sklearn")
    arguments = Arguments(
        dataset=name, model="linear", budget=2, plots=False, executor="processes:2"
    )
    assert tune(arguments) == 0
    assert max(t.value for t in trials_of(f"results/tune/{name}-linear/study.sqlite")) > 0.4


MISTAKES = [
    ("", "name what to tune: .* got none of them"),
    ("--csv a.csv --dataset iris", "got --csv and --dataset"),
    ("--csv a.csv", "--csv needs the column to predict: --target COLUMN"),
    ("--csv nobody.csv --target y", "No such file or directory: .*nobody.csv"),
    ("--dataset iris --space space.toml", "--space does not go with --dataset"),
    ("--dataset iris --goal minimize", "scorers are maximized"),
    ("--dataset iris --metric f2", "--metric 'f2' is no scorer; choose from"),
    ("--dataset iris --metric f1", "--metric f1 does not suit this classification: .*average"),
    ("--dataset iris --folds 1", r"--folds 1 must be a whole number in \[2, 100\]"),
    ("--dataset iris --folds 60", "the most frequent of 3 classes has 50 rows, fewer than"),
    ("--objective OBJ:bowl --folds 5", "--folds does not go with --objective"),
    ("--objective OBJ:bowl --budget 0", r"--budget 0 must be a whole number in \[1, 100000\]"),
    ("--objective OBJ:bowl --executor processes:0", "executor 'processes:0' must be processes:N"),
    ("--objective OBJ:bowl --executor=", "executor '' must be processes:N"),
    ("--objective OBJ:bowl --start {", "--start {: Expecting property name"),
    ("--objective OBJ:bowl --start [0.0,1,1]", "--start .*: it must be an object with a value"),
    ('--objective OBJ:bowl --start {"x":0,"n":9,"sign":1}', "n = 9 is outside"),
    ("--objective OBJ:bowl --timeout 0", "--timeout 0 must be a number of seconds > 0"),
    ("--objective OBJ:bowl --out OBJ/x", "--out .* cannot be written"),
    ("--objective OBJ:bowl --study OBJ", "is another file, no study"),
    ("--objective OBJ:bowl --study .", "--study . is a folder; name a file in it"),
    ("--objective OBJ:Real", "is no function|not a function|annotat"),
    ("--objective OBJ:nobody", "cannot be imported"),
    ("--objective nobody", "it must be 'module:attribute'"),
    ("--objective OBJ:metrics", "does not say where its parameter 'configuration' lies"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_mistakes_are_said_in_a_line_and_nothing_is_written(words, message):
    if "--dataset" in words and "--csv" not in words:
        pytest.importorskip("sklearn")
    if "--csv nobody" in words:
        pytest.importorskip("sklearn")
    neighbours = set(OBJECTIVES.parent.iterdir())
    words = words.replace("OBJ", str(OBJECTIVES)).split()
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert str(ended.value).startswith("error: ")
    assert "Traceback" not in str(ended.value)
    assert re.search(message, str(ended.value)), ended.value
    assert {path.name for path in Path().iterdir()} <= {"notes.txt"}
    assert set(OBJECTIVES.parent.iterdir()) == neighbours


def test_a_database_of_something_else_is_refused():
    with closing(sqlite3.connect("other.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE version_info (version_info_id TEXT)")
    with pytest.raises(ValueError, match=r"--study other.sqlite: it is no study of Optuna"):
        tune(of("bowl", study=Path("other.sqlite")))


@pytest.mark.parametrize("library", ["tyro", "optuna", "tqdm", "matplotlib", "sklearn"])
def test_libraries_that_are_missing_are_named(library):
    words = ["tune", "--dataset", "iris", "--budget", "1"]
    script = (
        f"import sys; sys.modules[{library!r}] = None; sys.argv[1:] = {words}\n"
        "from hpo_gym.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.fullmatch(rf"error: .* needs {library}: pip install 'hpo-gym\[tune\]'\n", done.stderr)
    assert {path.name for path in Path().iterdir()} == {"notes.txt"}


def test_the_package_has_the_command():
    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "hpo_gym", *words], capture_output=True, text=True, check=False
        )

    assert "--objective" in run("tune", "--help").stdout
    assert scripts.tune.main is main  # in the checkout
    assert "tune a function" in run("--help").stdout
    nothing, wrong = run(), run("tun")
    assert nothing.returncode == wrong.returncode == 1
    assert "error: 'tun' is no command" in wrong.stderr
