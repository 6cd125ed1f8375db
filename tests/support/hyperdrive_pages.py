"""Pages of HyperDrive runs for tests: children that never ran, and what a browser makes of them."""

import json
import re
import shutil
import subprocess
from base64 import b64decode
from urllib.parse import unquote

import pytest

from hpo_gym.hyperdrive.details.look import described
from hpo_gym.hyperdrive.details.page import page_html
from hpo_gym.hyperdrive.journal import ChildRow

WATCH = """<script>
window.problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));
addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => problems.push(event.blockedURI));
</script>"""


SEEN = """
const all = (query) => [...document.querySelectorAll(query)];
const texts = (query) => all(query).map((each) => each.textContent);
const lines = (figure) => all(`#${figure} g[data-child]`).map((each) => Number(each.dataset.child));
const table = () => all("tbody tr").map((row) => [...row.cells].map((cell) => cell.textContent));
"""
"""What walks through pages use."""


def row(number, curve=(), *, status="Completed", ended=10.0, **facts):
    """A child that never ran."""
    given = {
        "configuration": {"x": number / 10},
        "arguments": [],
        "started": 1e9 + number,
        "message": "",
        "terminated": False,
        **facts,
    }
    end = None if status == "Running" else given["started"] + ended
    return ChildRow(number=number, status=status, curve=list(curve), ended=end, **given)


def look(config, rows, status="Completed", **facts):
    """What there is to see of a run that never ran."""
    known = {"started": 1e9, "total": config.max_total_runs, **facts}
    if status != "Running":
        known.setdefault("ended", 1e9 + 3723)
    return described("HD_made-up", "tests", status, known, config, rows)


def static(file, data, logs=None):
    """A page of this data as a file; gives the file."""
    empty = {"text": "", "size": 0, "shown": 0}
    names = ["run", *(str(child["number"]) for child in data["children"])]
    known = {**dict.fromkeys(names, empty), **(logs or {})}
    file.write_text(page_html({**data, "live": False, "logs": known}), encoding="utf-8")
    return file


def chromium(folder, address, *, width=1400, wait=1500):
    """The document that a browser has made of a page after some milliseconds of its clock."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    given = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    given += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--timeout=60000"]
    given += [f"--window-size={width},1800", f"--user-data-dir={folder / 'profile'}"]
    given += [f"--virtual-time-budget={wait}", "--dump-dom"]
    done = subprocess.run(
        [browser, *given, address], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def walked(file, walk, *, extra="", **options):
    """What a script finds that walks through a page, and what went wrong in it.

    The copy that it walks through has no policy: nothing but the page itself keeps it safe.

    Args:
        file: The page.
        walk: JavaScript that returns an object for JSON.
        extra: HTML that is added to the copy.
        options: Those of `chromium`.
    """
    text = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', WATCH, file.read_text())
    script = f"""{extra}<script type="module">
    const found = await (async () => {{ {walk} }})().catch((error) => problems.push(String(error)));
    const report = document.createElement("pre");
    report.id = "report";
    report.textContent = btoa(encodeURIComponent(JSON.stringify({{ ...found, problems }})));
    document.body.append(report);
    </script>"""
    copy = file.with_name("walked.html")
    copy.write_text(text.replace("</body>", f"{script}</body>"))
    document = chromium(file.parent, copy.as_uri(), **options)
    (report,) = re.findall(r'<pre id="report">(.*?)</pre>', document)
    return json.loads(unquote(b64decode(report).decode()))


def table_of(document):
    """The texts of the cells of a document's table of children."""
    body = re.search("<tbody>(.*?)</tbody>", document, re.S)[1]
    rows = re.findall("<tr[^>]*>(.*?)</tr>", body)
    cells = [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", text) for text in rows]
    return [[re.sub("<[^>]*>", "", cell) for cell in texts] for texts in cells]


def drawn(document, figure):
    """Points of the line of each child in a figure of a document."""
    part = re.search(f'<figure id="{figure}">(.*?)</figure>', document, re.S)[1]
    found = re.findall(r'<g data-child="(\d+)"[^>]*><path class="child[^"]*" d="([^"]*)"', part)
    return {int(child): len(re.findall("[ML]", line)) for child, line in found}
