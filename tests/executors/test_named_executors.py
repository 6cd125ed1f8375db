"""Executors by the names that command lines give them."""

import pytest

from hpo_gym.executors import dask, named
from hpo_gym.executors.named import executor_named
from hpo_gym.executors.processes import Processes


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("dask://host:8786", {"address": "host:8786"}),
        ("dask://[::1]:65535", {"address": "[::1]:65535"}),
        ("dask:3", {"workers": 3}),
        ("dask", {"workers": named.CORES}),
    ],
)
def test_dask(name, made):
    pytest.importorskip("distributed")
    assert executor_named(name, limit=2.0) == dask.Dask(**made, limit=2.0)
    assert not executor_named(name).shares_files


def test_processes():
    assert executor_named("processes:1024", limit=2.0) == Processes(1024, 2.0)
    assert executor_named("processes:1") == Processes(1) and Processes(1).shares_files


@pytest.mark.parametrize(
    "name",
    ["", "processes", "processes:0", "processes:1025", "dask:-1", "dask://", "dask://x:65536"],
)
def test_others(name):
    with pytest.raises(ValueError, match=rf"executor '{name}' must be processes:N .*\[1, 1024\]"):
        executor_named(name)


def test_dask_is_missed_when_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ImportError, match=r"needs distributed: pip install 'hpo-gym\[dask\]'"):
        executor_named("dask://host:8786")
