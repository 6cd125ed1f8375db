"""Values of options that are far too long for a message."""

import gymnasium as gym
import pytest


def test_a_long_list_of_tasks_is_not_printed_in_full():
    tasks = [*range(10_000), -1]
    with pytest.raises(
        ValueError, match=r"option task = \[0, 1, .*\.\.\. \(.* characters\)"
    ) as one:
        gym.make("hpo_gym:FictitiousHPOFamily-v0", task=tasks)
    assert len(str(one.value)) < 400
