"""Where the user's own tuner stands, in one line."""

from dataclasses import replace

import numpy as np
from scored_runs import ROLES, learned, make_records, random_records, small_suite

from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.summarise import summarise

FEW = replace(ROLES, resamples=100)


def verdict_of(*records, facts=None, score="regret"):
    facts = {"mine": AgentFacts("yours"), **(facts or {})}
    suite = small_suite(records[0].regret.shape[2], *records[0].regret.shape[:2], score=score)
    (found,) = summarise(suite, list(records), facts=facts, settings=FEW).verdicts
    return found


def test_a_verdict_by_hand():
    """Better, worse and not told apart on eight tasks, on which b is now better, now worse."""
    steady, swinging = np.full((8, 2, 1), 0.4), np.full((8, 2, 1), 0.1)
    swinging[::2] = 0.72
    records = [make_records("mine", steady), make_records("b", swinging)]
    records += [make_records("far", steady + 0.5), make_records("near", steady + 0.1)]
    records += [make_records("best", steady - 0.3), make_records("oracle", 0.0 * steady)]
    records += [make_records("equal", steady)]
    found = verdict_of(*records, facts={"oracle": AgentFacts(oracle=True)})
    assert (found.agent, found.place, found.tuners) == ("mine", 2, 6)
    assert found.better_than == ("near", "far")
    assert found.worse_than == ("best",)
    assert found.not_told_apart_from == ("equal", "b")


def test_a_verdict_compares_with_the_average_of_training_seeds():
    records = [
        make_records(name, np.full((4, 2, 1), regret))
        for name, regret in [("mine", 0.25), ("t-0", 0.1), ("t-1", 0.3)]
    ]
    found = verdict_of(*records, facts=learned("t-0", "t-1"))
    assert (found.place, found.tuners, found.worse_than) == (2, 2, ("t",))


def test_a_verdict_goes_by_what_ranks():
    cheap = make_records("mine", np.full((2, 2, 2), 0.5), reward=0.2)
    good = make_records("good", np.full((2, 2, 2), 0.1), reward=0.1)
    assert verdict_of(cheap, good).worse_than == ("good",)
    assert verdict_of(cheap, good, score="return").better_than == ("good",)


def test_a_verdict_is_on_common_runs_and_not_on_what_failed():
    mine = random_records("mine", 0.3, seed=1)
    slow = replace(mine, agent="slow", regret=mine.regret + 0.1).first(4, 1)
    easy = mine.regret.copy()
    easy[4:] += 0.5  # runs that the slow one has not
    found = verdict_of(replace(mine, regret=easy), slow)
    assert (found.place, found.better_than) == (1, ("slow",))
