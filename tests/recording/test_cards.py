"""The cards of the recorded tasks."""

from pathlib import Path

from scripts.recording.cards import Arguments, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_index_gives():
    assert (ROOT / Arguments().out).read_text(encoding="utf-8") == page()
