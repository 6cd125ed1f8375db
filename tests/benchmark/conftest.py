"""A store of made-up results."""

import pytest
from tiny_benchmarks import MINE, SUITE

from hpo_gym.benchmark.results.store import Store


@pytest.fixture
def store(tmp_path):
    """An empty one, in which an agent has begun."""
    with Store(tmp_path / "a.sqlite") as store:
        store.begin(SUITE, MINE)
        yield store
