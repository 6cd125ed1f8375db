"""The README is short and whole, and its examples and those of docs/ run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hpo_gym

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = ("clients.md", "tune-anywhere.md")
"""Pages with other people's libraries; tests/clients runs their examples."""
EXAMPLES = {
    f"{page.stem}-{number}": code
    for page in PAGES
    if page.name not in OTHERS
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
}


def trains(code):
    """Whether an example takes long."""
    return ".learn(" in code


def test_it_is_short():
    assert len(README.splitlines()) <= 180


def test_nothing_is_left_to_be_filled_in():
    assert not re.search(r"^[A-Z]{4,}$", README, re.MULTILINE)


def test_every_environment_has_its_row():
    for env_id in hpo_gym.ENVIRONMENTS:
        assert re.search(rf"^\| `{env_id}` \|", README, re.MULTILINE), env_id


def test_it_links_every_page():
    linked = set(re.findall(r"\]\(([^)#]+\.(?:md|cff))", README))
    pages = {str(page.relative_to(ROOT)) for page in PAGES[1:]}
    assert pages | {"CHANGELOG.md", "CITATION.cff"} <= linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target, heading in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", page.read_text()):
        other = page.parent / target if target else page
        assert other.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", other.read_text(), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]
            assert heading in anchors


def run_example(name, tmp_path):
    """What an example prints."""
    if "RecordVideo" in EXAMPLES[name]:
        pytest.importorskip("moviepy")
    if "Dask" in EXAMPLES[name]:
        pytest.importorskip("distributed")
    script = tmp_path / "example.py"
    script.write_text(EXAMPLES[name])
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [name for name, code in EXAMPLES.items() if not trains(code)])
def test_example(name, tmp_path):
    run_example(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, code in EXAMPLES.items() if trains(code)])
def test_example_that_trains(name, tmp_path):
    printed = run_example(name, tmp_path)
    for value in re.findall(r"mean return (\S+)", printed):
        assert float(value) >= 0.50


def test_the_readme_has_an_example_that_trains():
    assert [name for name, code in EXAMPLES.items() if trains(code) and "mean return" in code]
