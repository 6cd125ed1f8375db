"""The README's examples run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hpo_gym

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_nothing_is_left_to_be_filled_in():
    assert not re.search(r"^[A-Z]{4,}$", README, re.MULTILINE)


def test_every_environment_has_its_row():
    for env_id in hpo_gym.ENVIRONMENTS:
        assert re.search(rf"^\| `{env_id}` \|", README, re.MULTILINE), env_id


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number, tmp_path):
    script = tmp_path / "example.py"
    script.write_text(EXAMPLES[number])
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
