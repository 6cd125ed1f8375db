"""Texts that users wrote are shown by the page of a run, and never executed."""

from hyperdrive_pages import chromium, look, row, static, table_of, walked
from hyperdrive_runs import config

from hpo_gym.hyperdrive import FamilyRunConfig, choice

HOSTILE = [
    "<img src=nowhere onerror=problems.push('ran')>",
    "</script><script>problems.push('ran')</script>",
    "<!--<script>",
    "\"><svg onload=problems.push('ran')>",
    "javascript:problems.push('ran')",
    "${problems.push('ran')}",
]


def hostile_page(tmp_path):
    texts = choice(HOSTILE)
    known = config(
        FamilyRunConfig("recorded"),
        {text: texts for text in HOSTILE},
        primary_metric_name=HOSTILE[0],
    )
    rows = [
        row(0, [0.5], configuration=dict.fromkeys(HOSTILE, HOSTILE[1])),
        row(
            1,
            [0.1, 0.2],
            configuration={text: text for text in HOSTILE},
            status="Failed",
            message=HOSTILE[0],
        ),
    ]
    data = {**look(known, rows), "id": HOSTILE[1], "experiment": HOSTILE[0]}
    text = "\n".join(HOSTILE)
    log = {"text": text, "size": len(text), "shown": len(text)}
    return static(tmp_path / "hostile.html", data, {"run": log, "1": log})


COUNT = """
document.querySelector("tbody tr:nth-child(2) button").click();
for (const figure of ["#lines svg", "#parallel svg"]) {
  const canvas = document.querySelector(figure);
  const { left, top } = canvas.getBoundingClientRect();
  for (let x = 0; x < canvas.clientWidth; x += 20) {
    for (let y = 0; y < 340; y += 20) {
      const at = { clientX: left + x, clientY: top + y };
      canvas.dispatchEvent(new PointerEvent("pointermove", at));
    }
  }
}
await new Promise((done) => setTimeout(done, 100));
return {
  images: document.images.length, scripts: document.scripts.length,
  heads: [...document.querySelectorAll("thead th")].map((each) => each.textContent),
  cells: [...document.querySelectorAll("tbody tr")].map((row) => row.cells[7].textContent),
  log: document.querySelector("#log").textContent, name: document.title,
  tip: document.querySelector("#parallel .tip").textContent,
};
"""


def test_what_users_wrote_is_shown_and_not_run(tmp_path):
    file = hostile_page(tmp_path)
    seen = walked(file, COUNT)
    assert seen["problems"] == []
    assert (seen["images"], seen["scripts"]) == (0, 4)  # the data, the page's, the test's two
    assert seen["heads"][2] == f"last {HOSTILE[0]}"
    assert seen["heads"][7:] == HOSTILE
    assert seen["cells"] == [HOSTILE[1], HOSTILE[0]]
    assert seen["log"] == "\n".join(HOSTILE)
    assert seen["name"] == HOSTILE[1]
    assert HOSTILE[2] in seen["tip"]


def test_the_same_texts_do_run_where_they_are_html(tmp_path):
    seen = walked(hostile_page(tmp_path), COUNT, extra=HOSTILE[0])
    assert (seen["problems"], seen["images"]) == (["ran"], 1)


def test_a_browser_would_not_run_them_even_then(tmp_path):
    """What the page is allowed keeps it from running scripts that are not its own."""
    text = hostile_page(tmp_path).read_text()
    tag = "<script>document.body.id = 'ran'</script><img src=x onerror='document.body.id = 1'>"
    for policy, ran in ((text, False), (text.replace("Content-Security-Policy", "x"), True)):
        file = tmp_path / "injected.html"
        file.write_text(policy.replace("</body>", f"{tag}</body>"))
        document = chromium(tmp_path, file.as_uri())
        assert ("<body id=" in document) is ran
        assert len(table_of(document)) == 2  # the page's own script runs
