"""CSV files as tables."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym.commands.tune.tables import read_table

PEOPLE = """age,city,income,id,wants
30,Rome,1e3,a1,yes
41,,NA,a2,no
52,Rome,2500.5,a3,yes
63,"Bergen, old town",0,a4,no
,Rome,7,a5,
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_numbers_text_and_what_is_missing(write):
    table = read_table(write(PEOPLE), "wants")
    assert table.columns == ("age", "city", "income")
    assert table.text == (1,)
    assert table.task == "classification"
    assert table.targets.tolist() == ["yes", "no", "yes", "no"]
    assert table.inputs[:, 1].tolist() == ["Rome", "", "Rome", "Bergen, old town"]
    income = table.inputs[:, 2].astype(float)
    assert np.array_equal(income, [1000.0, np.nan, 2500.5, 0.0], equal_nan=True)
    assert "1 rows without 'wants' are left out: those with ''" in table.notes
    assert any("nearly every row, such as 'a1'" in note for note in table.notes)


def test_cells_that_make_text_of_numbers_are_named(write):
    rows = "".join(f"{i},{i},{i % 2}\n" for i in range(30))
    table = read_table(write(f"x,z,y\n{rows}unknown,0,None\n-,0,0\n"), "y")
    assert table.notes == (
        "1 rows without 'y' are left out: those with 'None'",
        "the column 'x' is read as text: '-' is no number; leave such cells empty",
        "the column 'x' is left out: its text is another one in nearly every row, such as '0'",
    )


def test_infinity_is_a_word_among_words(write):
    table = read_table(write("x,y\ninf,0\nabc,1\ninf,0\nabc,2.5\n"), "y")
    assert table.inputs[:, 0].tolist() == ["inf", "abc", "inf", "abc"]


def test_numbers_alone_are_an_array_of_numbers(write):
    table = read_table(write("x,y\n1,0.5\n2,\n3,2.5\n,3\n"), "y")
    assert table.inputs.dtype == np.float64
    assert table.task == "regression"
    assert np.array_equal(table.inputs[:, 0], [1.0, 3.0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    "text",
    [
        "x;t;y\n1,5;a;1\n2;b;2\n-3,25;a;3\n4;b;4,5\n",
        "x\tt\ty\n1.5\ta\t1\n2\tb\t2\n-3.25\ta\t3\n4\tb\t4.5\n",
        "\ufeffx|t|y\r\n1.5|a|1\r\n2|b|2\r\n\r\n-3.25|a|3\r\n4|b|4.5\r\n",
    ],
)
def test_other_delimiters(write, text):
    table = read_table(write(text), "y")
    assert table.columns == ("x", "t")
    assert table.inputs[:, 0].tolist() == [1.5, 2.0, -3.25, 4.0]
    assert table.targets.tolist() == [1.0, 2.0, 3.0, 4.5]


@pytest.mark.parametrize(
    ("targets", "given", "task"),
    [
        (["a", "b"] * 6, None, "classification"),
        ([0, 1] * 6, None, "classification"),
        ([0, 1] * 6, "regression", "regression"),
        ([0.5, 1] * 6, None, "regression"),
        (range(30), None, "regression"),
        (range(12), "classification", "classification"),
    ],
)
def test_the_target_tells_the_task(write, targets, given, task):
    rows = "".join(f"{i},{target}\n" for i, target in enumerate(targets))
    table = read_table(write(f"x,y\n{rows}"), "y", given)
    assert table.task == task
    assert (table.targets.dtype == np.float64) == (task == "regression")


def test_rows_to_predict_have_the_same_columns(write):
    table = read_table(write(PEOPLE), "wants")
    rows = table.read_inputs(write("income,more,age,city\n5,1,20,Riga\n,2,,\n", "new.csv"))
    assert rows[0].tolist() == [20.0, "Riga", 5.0]
    assert rows[1, 1] == "" and np.isnan(rows[1, 0])
    with pytest.raises(ValueError, match=r"no column 'age'; choose from \['income'"):
        table.read_inputs(write("income,city\n5,Riga\n", "less.csv"))
    with pytest.raises(ValueError, match="age = 'old' must be a number, or empty"):
        table.read_inputs(write("income,city,age\n5,Riga,old\n", "text.csv"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; its first line must name the columns"),
        ("x,y\n", "no rows with a value in the column 'y'"),
        ("x,y\n1,\n", "no rows with a value in the column 'y'"),
        ("x,z\n1,2\n", r"has no column 'y'; choose from \['x', 'z'\]"),
        ("x,x,y\n1,2,3\n", "needs a name of its own in the first line"),
        ("x,,y\n1,2,3\n", "needs a name of its own in the first line"),
        ("x,y\n1,2\n3\n", "row 3 has 1 cells, the first has 2"),
        ("x,y\n1,2\n3,inf\n", "y = 'inf' must be finite"),
        ("x,y\n7,2\n7,3\n", "there is no column to predict 'y' from"),
    ],
)
def test_no_table(write, text, message):
    with pytest.raises(ValueError, match=message):
        read_table(write(text), "y")


def test_text_is_no_amount(write):
    with pytest.raises(ValueError, match="y = 'many' is no number; leave --task regression out"):
        read_table(write("x,y\n1,2\n2,many\n"), "y", "regression")


def test_other_encodings_are_named(write):
    with pytest.raises(ValueError, match="is not UTF-8"):
        read_table(write("x,y\n1,caf\u00e9\n", encoding="latin-1"), "y")
    with pytest.raises(OSError, match="No such file"):
        read_table("nobody.csv", "y")
