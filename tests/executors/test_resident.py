"""A callable in a process of its own: it stays, it is made anew, it ends."""

from __future__ import annotations

import copy
import os
import time

import pytest

from hpo_gym.executors.resident import Resident


class Counter:
    def __init__(self, start):
        if start is None:
            raise LookupError("no start")
        self.count = start

    def __call__(self, what):
        self.count += 1
        if what == "hang":
            time.sleep(60.0)
        if what == "raise":
            raise ArithmeticError("it went wrong")
        return os._exit(7) if what == "die" else self.count


def test_it_keeps_its_state_until_it_dies():
    resident = Resident(Counter, 4)
    assert resident.pid is None
    assert [resident("count", limit=30.0) for _ in range(2)] == [5, 6]
    with pytest.raises(RuntimeError, match="ArithmeticError: it went wrong"):
        resident("raise", limit=30.0)
    assert resident("count", limit=30.0) == 8
    for how, message in (("die", "exit code 7"), ("hang", "no answer within 0.5 s")):
        pid = resident.pid
        with pytest.raises(RuntimeError, match=message):
            resident(how, limit=0.5)
        assert resident("count", limit=30.0) == 5
        assert resident.pid != pid
    resident.close()
    assert resident.pid is None
    resident.close()


def test_it_travels_by_value_and_copies_are_apart():
    resident = Resident(lambda start: lambda x: start + x, 3)
    with pytest.raises(AttributeError, match="lambda"):
        resident(1, limit=30.0)  # what makes it must be known there
    resident = Resident(Counter, 3)
    assert resident("count", limit=30.0) == 4
    copied = copy.deepcopy(resident)
    assert copied("count", limit=30.0) == 4
    assert copied.pid != resident.pid
    resident.close()
    copied.close()


def test_one_that_cannot_be_made_leaves_no_process():
    resident = Resident(Counter, None)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="LookupError: no start"):
            resident("count", limit=30.0)
        assert resident.pid is None
