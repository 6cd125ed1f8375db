"""The commands in README and docs/ exist, and print what stands below them."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import tyro

from hpo_gym.__main__ import COMMANDS as COMMANDS_OF_THE_PACKAGE

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text() for page in PAGES}
PYTHON = ".venv/bin/python"

COMMANDS = sorted(
    {
        command.split("  #")[0].split(" | ")[-1].rstrip()
        for text in TEXTS.values()
        for block in re.findall(r"```bash\n(.*?)```|`([^`\n]+(?:\n[^`\n]+)?)`", text, re.DOTALL)
        for command in (block[0] or block[1].replace("\n", " ")).splitlines()
        if re.search(r"(^|\| )((\.venv/bin/)?python -m (hpo_gym|scripts)|make \S)", command)
    }
)
OUTPUTS = {
    f"{name}-{number}": found
    for name, text in TEXTS.items()
    for number, found in enumerate(
        re.findall(r"```(python|bash)\n([^`]*)```\n\n```text\n([^`]*)```", text)
    )
}


def test_there_are_commands_and_outputs():
    assert len(COMMANDS) >= 15
    assert len(OUTPUTS) >= 3


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command):
    program, *words = shlex.split(command)
    if program == "make":
        target, *variables = words
        makefile = (ROOT / "Makefile").read_text()
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        assert all(variable.startswith(("ARGS=", "BASE_PYTHON=")) for variable in variables)
        if not (target.startswith("benchmark") and variables):
            return
        module, words = "scripts.benchmark", shlex.split(variables[0].removeprefix("ARGS="))
    else:
        module, words = words[1], words[2:]
        if module == "hpo_gym":
            reference, _ = COMMANDS_OF_THE_PACKAGE[words[0]]
            module, words = reference.partition(":")[0], words[1:]
    tyro.cli(importlib.import_module(module).Arguments, args=words)


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_stands_below_a_command_is_what_it_prints(name):
    language, command, output = OUTPUTS[name]
    if language == "python":
        words = [sys.executable, "-W", "error", "-c", command]
    else:
        words = ["bash", "-c", command.replace(PYTHON, shlex.quote(sys.executable))]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines()] == output.splitlines()
