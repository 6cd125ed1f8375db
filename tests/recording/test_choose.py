"""`scripts.recording.choose`: which tables become tasks, and of which split."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hpo_gym.families.recorded.grid import SHAPE, points, weights
from scripts.recording import choose
from scripts.recording.choose import Arguments, candidates, chosen, main, splits
from scripts.recording.measures import measured
from scripts.recording.tables import Facts, Table, save


def made_up(name, origin, peak, seed=0):
    """A table whose F1 has its peak at a place of the cube."""
    thr, epochs, z = points()
    away = (thr - peak) ** 2 + (np.log10(epochs) / 2 - peak) ** 2 + ((z + 4) / 4.8 - peak) ** 2
    true = np.rint(400 * np.exp(-30.0 * away)).reshape(SHAPE)
    true += np.random.default_rng(seed).integers(0, 3, SHAPE)
    counts = np.stack([[true, np.zeros(SHAPE)]] * 3).astype(np.uint16)
    loss = np.ones((3, *SHAPE[:2]), dtype=np.float32)
    return Table(Facts(name, origin, 2000, 5, 400, 400), counts, loss, 0.1)


def test_easy_tables_and_copies_are_left_out(tmp_path):
    names = [f"sklearn/wine:{k} logistic" for k in range(8)]
    for k, name in enumerate(names):
        save(tmp_path, made_up(name, "wine", 0.15 + 0.1 * k))
    save(tmp_path, made_up("keel/wine:1 mlp-8", "ring", 0.25, seed=1))  # a copy of the second
    flat = made_up("keel/easy:1 mlp-8", "ring", 0.5)
    save(tmp_path, Table(flat.facts, np.full_like(flat.counts, 300), flat.loss, 0.1))
    found = list(candidates(tmp_path))
    assert len(found) == 9  # all but the flat one
    taken = chosen(found)
    names = [candidate.table.facts.name for candidate in taken]
    assert sum("wine:" in name and "sklearn" in name for name in names) == 6  # of one origin
    assert ("keel/wine:1 mlp-8" in names) != ("sklearn/wine:1 logistic" in names)
    hardness = [candidate.measures.random for candidate in taken]
    assert hardness == sorted(hardness, reverse=True)


def test_what_is_written_can_be_read(tmp_path, capsys):
    save(tmp_path / "tables", made_up("sklearn/wine:1 logistic", "wine", 0.3))
    save(tmp_path / "tables", made_up("keel/pima:1 mlp-8", "pima", 0.6))
    main(Arguments(tmp_path / "tables", tmp_path / "out"))
    assert "test: 1 tables of 1 origins" in capsys.readouterr().out
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert [len(part) for part in index["splits"].values()] == [1, 0, 1]
    assert index["splits"]["train"][0]["source"] == "sklearn/wine:1"
    with pytest.raises(ValueError, match="no table there is hard enough"):
        main(Arguments(tmp_path / "nothing", tmp_path / "out"))
    (tmp_path / "tables" / "cut.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"cut\.npz is damaged or old"):
        main(Arguments(tmp_path / "tables", tmp_path / "out"))


def test_every_origin_has_a_split_and_none_has_two():
    names = list(splits().values())
    assert [names.count(split) for split in choose._SHARES] == [26, 10, 15]
    assert splits()["handwritten"] == "test"


def test_measures_by_hand():
    thr = points()[0].reshape(SHAPE)
    found = measured(thr)
    assert (found.best, found.median) == (1.0, 0.5)
    share = weights().reshape(SHAPE)[..., -2:].sum()  # thr = 31 / 32 and 1
    assert found.near == pytest.approx(share) == 1.5 / 32
    draws = np.rint(np.random.default_rng(0).random((40_000, 16)) * 32) / 32
    assert found.random == pytest.approx(1.0 - draws.max(axis=1).mean(), rel=0.02)
    assert found.difficulty == "medium"
