"""The report in a browser: every figure is drawn, nothing is fetched, nothing goes wrong."""

import json
import re
import shutil
import subprocess

import pytest
from made_up_reports import AGENTS

WATCH = """<script>
window.problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));
addEventListener("securitypolicyviolation", (event) => problems.push(event.blockedURI));
console.error = (...words) => problems.push(words.join(" "));
</script>"""
WALK = """<script>
addEventListener("load", () => {
  const marks = (figure) => figure.querySelectorAll("path.js-line, path.point").length;
  const visible = (figure) => new Set(figure.querySelector(".plot").data
    .filter((trace) => trace.visible).map((trace) => trace.name));
  const drawn = {};
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.click();
    for (const figure of document.querySelectorAll(".panel.shown figure")) {
      for (const input of figure.querySelectorAll("label:last-child input")) input.click();
      drawn[figure.id] = marks(figure);
    }
  }
  document.querySelector("[role=tab][href='#fictitious-test']").click();
  const anytime = document.getElementById("fictitious-test-anytime");
  const first = [...visible(anytime)];
  document.querySelector("[data-agent=portfolio]").click();
  const alone = [...visible(anytime)];
  document.querySelector("[data-show=all]").click();
  const all = [...visible(anytime)];
  const table = document.querySelector(".panel.shown table");
  const column = () => [...table.tBodies[0].rows].map((row) => row.cells[2].textContent);
  table.tHead.rows[0].cells[2].querySelector("button").click();
  const sorted = column();
  const wide = document.documentElement.scrollWidth > innerWidth;
  const box = table.closest(".table");
  box.scrollLeft = 1e6;
  const scrolled = box.scrollLeft;
  dispatchEvent(new Event("beforeprint"));
  const undrawn = [...document.querySelectorAll(".plot")].filter((plot) => !plot.data).length;
  const report = document.createElement("pre");
  report.id = "report";
  report.textContent = JSON.stringify(
    { problems, drawn, first, alone, all, sorted, wide, scrolled, undrawn, inner: innerWidth });
  document.body.append(report);
});
</script>"""


@pytest.mark.parametrize("width", [1280, 600])
def test_browser_draws_every_figure_without_network_or_errors(tmp_path, page, figures, width):
    """A narrow window scrolls tables inside their boxes, and never the page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    page = page.replace("<style>", WATCH + "<style>", 1).replace("</body>", WALK + "</body>", 1)
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={width},900"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--timeout=60000", "--dump-dom"]
    done = subprocess.run(
        [browser, *flags, file.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r'<pre id="report">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stderr[-2000:]
    seen = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen["problems"] == []
    assert set(seen["drawn"]) == set(figures)
    assert min(seen["drawn"].values()) > 0, seen["drawn"]
    assert set(seen["first"]) == set(AGENTS) - {"tuner-1"}  # a further training seed
    assert seen["alone"] == ["portfolio"]
    assert set(seen["all"]) == set(AGENTS)
    assert [float(cell) for cell in seen["sorted"]] == sorted(map(float, seen["sorted"]))
    assert seen["inner"] == width and not seen["wide"]
    assert (seen["scrolled"] > 0) == (width == 600)
    assert seen["undrawn"] == 0
