"""The benchmark's HTML report: its numbers, its independence of everything else, a browser."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from scored_runs import ROLES, learned

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.showing.report import SuiteResults, write_report
from hpo_gym.benchmark.showing.report.anytime import anytime_figure, profile_figure
from hpo_gym.benchmark.showing.report.example import example_figure
from hpo_gym.benchmark.showing.report.page import report_html
from hpo_gym.benchmark.showing.report.radar import capability_scores, capability_table, radar_figure
from hpo_gym.benchmark.showing.report.style import styles
from hpo_gym.benchmark.showing.report.trust import TRUST
from hpo_gym.benchmark.showing.tables import tables
from hpo_gym.benchmark.showing.texts import verdict_text
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.benchmark.suites.suite import env_seed

go = pytest.importorskip("plotly.graph_objects")

AGENTS = {
    "random": AgentFacts("uninformed"),
    "gp-4": AgentFacts("uninformed"),
    "portfolio": AgentFacts("informed"),
    **learned("tuner-0", "tuner-1"),
    "my <b>own</b>": AgentFacts("yours"),
}
FEW = replace(ROLES, resamples=50)
FACTS = {"command": "benchmark </script><script>alert(1)</script>", "commit": "0123abc"}
LEVEL = {"random": 0.5, "gp-4": 0.2, "portfolio": 0.1, "tuner-0": 0.002, "tuner-1": 0.03}


def suite_of(name: str):
    whole = make_suite(name)
    options = {**whole.options, "max_evaluations": 4}
    return replace(whole, tasks=whole.tasks[:3], seeds=(0, 1), options=options)


def run(suite, agent: str) -> Records:
    """Random proposals in the suite's environments, with a regret that the agent's level rules."""
    n, s, budget = len(suite.tasks), len(suite.seeds), suite.budget
    if agent == "gp-4":
        n = 2
    random = np.random.default_rng([*map(ord, agent)])
    actions = random.uniform(-1.0, 1.0, (n, s, budget, 3)).astype(np.float32)
    shrinking = np.cumprod(random.uniform(0.3, 0.9, (n, s, budget)), axis=-1)
    shape = (n, s, budget)
    return Records(
        suite.name,
        agent,
        np.array(suite.tasks[:n]),
        np.array(suite.seeds),
        actions,
        LEVEL.get(agent, 0.3) * shrinking,
        random.uniform(-0.01, 0.0, shape) - LEVEL.get(agent, 0.3),
        np.full(shape, 10.0),
        np.full(shape, 0.1),
        np.full(shape, 0.5),
    )


def results_of(name: str) -> SuiteResults:
    suite = suite_of(name)
    records = tuple(run(suite, agent) for agent in AGENTS)
    return SuiteResults(suite, summarise(suite, records, facts=AGENTS, settings=FEW), records)


@pytest.fixture(scope="module")
def results():
    capabilities = [f"capability-{name}" for name in ("noise", "narrow", "cost")]
    return [results_of(name) for name in ("fictitious-test", *capabilities)]


@pytest.fixture(scope="module")
def page(results):
    return report_html(results, agents=AGENTS, facts=FACTS)


@pytest.fixture(scope="module")
def figures(page):
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    return json.loads(text[1])


class Reader(HTMLParser):
    """Collects what a page refers to, its elements and the text of its table cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.references, self.elements, self.cells, self.ids = [], [], [], []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        for name, value in attributes:
            if name in {"src", "href", "action", "data", "srcset", "poster"}:
                self.references.append(value)
            elif name == "id":
                self.ids.append(value)
        if tag in {"td", "th"}:
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data


def test_page_refers_to_nothing_outside_itself(page):
    read = Reader(page)
    assert read.references
    assert all(reference.startswith("#") for reference in read.references)
    assert {reference[1:] for reference in read.references} <= set(read.ids)
    assert len(set(read.ids)) == len(read.ids)
    policies = [a for tag, a in read.elements if tag == "meta" and "http-equiv" in a]
    assert policies[0]["content"].startswith("default-src 'none';")
    css = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    assert "url(" not in css
    assert "@import" not in css
    # Negative control: the reader sees a reference that is there.
    assert Reader('<script src="https://example.org/x.js">').references == [
        "https://example.org/x.js"
    ]


def test_names_and_facts_cannot_break_out_of_their_places(page):
    assert "my <b>own</b>" not in page.split('id="figures"')[0]
    assert "my &lt;b&gt;own&lt;/b&gt;" in page
    assert "alert(1)</script>" not in page
    scripts = [tag for tag, _ in Reader(page).elements if tag == "script"]
    assert len(scripts) == 3  # figures, Plotly, the page's own


def test_every_figure_is_valid_and_has_its_place(figures, page):
    placed = {a["id"] for tag, a in Reader(page).elements if tag == "figure"}
    assert placed == set(figures)
    assert {"overview-radar", "fictitious-test-seeds", "fictitious-test-example"} <= placed
    for figure in figures.values():
        sizes = [len(options) for options in figure["controls"].values()]
        assert len(figure["variants"]) == np.prod(sizes, dtype=int)
        for variant in figure["variants"].values():
            go.Figure(variant)  # refuses what Plotly does not know
    with pytest.raises(ValueError, match="colour"):
        go.Figure({"data": [{"type": "scatter", "colour": "red"}]})


def test_every_plot_is_described_in_words(page):
    plots = [a for tag, a in Reader(page).elements if tag == "div" and a.get("class") == "plot"]
    assert plots
    for plot in plots:
        assert plot["role"] == "img"
        assert re.search(r"\d", plot["aria-label"])


def test_tables_are_those_of_the_terminal(page, results):
    cells = Reader(page).cells
    for table in tables(results[0].summary):
        width = len(table.header)
        for row in (table.header, *table.rows):
            wanted = [*row, *[""] * (width - len(row))]
            wanted[0] += " yours" if row[0] in table.marked else ""
            starts = [place for place, cell in enumerate(cells) if cell == wanted[0]]
            assert wanted in [cells[place : place + width] for place in starts]


def test_headings_are_explained_and_own_rows_marked_where_they_stand(page, results):
    read = Reader(page)
    titles = [a["title"] for tag, a in read.elements if tag == "th" and a.get("title")]
    for table in tables(results[0].summary):
        assert set(filter(None, map(table.meaning, table.header))) <= set(titles)
        for name, meaning in table.meanings.items():
            assert f"<b>{escape(name)}</b>: {escape(meaning)}." in page
        assert escape(table.notes) in page
    marked = [a for tag, a in read.elements if tag == "tr" and a.get("class") == "yours"]
    shown = [table for one in results for table in tables(one.summary) if table.marked]
    rows = sum(row[0] in table.marked for table in shown for row in table.rows)
    assert len(marked) >= rows > 0
    (verdict,) = verdict_text(results[0].summary).splitlines()
    assert page.count(escape(verdict)) == 2  # in the overview, and with the suite
    assert all(escape(sentence) in page for sentence in TRUST)


def test_nobody_looks_like_the_oracle_or_the_reference():
    groups = dict.fromkeys((f"search {letter}" for letter in "abcdefghijklmn"), "uninformed")
    groups |= dict.fromkeys((f"wise {letter}" for letter in "abcdefg"), "informed")
    agents = {agent: AgentFacts(group) for agent, group in groups.items()}
    agents |= learned(*(f"tuner-{seed}" for seed in range(7))) | {"mine": AgentFacts("yours")}
    agents["oracle"] = AgentFacts("oracle", oracle=True)
    made = styles(agents, "search c")
    oracle, reference = made.pop("oracle"), made.pop("search c")
    assert oracle.dash not in {style.dash for style in (*made.values(), reference)}
    assert oracle.symbol not in {style.symbol for style in (*made.values(), reference)}
    for style in made.values():
        assert distance(style, oracle) > 60 and distance(style, reference) > 60
    assert distance(oracle, reference) > 200


def distance(one, other):
    """Of two colours, of which 0 are the same and 442 black and white."""
    rgb = [[int(style.colour[i : i + 2], 16) for i in (1, 3, 5)] for style in (one, other)]
    return float(np.linalg.norm(np.subtract(*rgb)))


def curves_of(variant):
    """Lines by agent, without the bands."""
    return {t["name"]: t for t in variant["data"] if "fill" not in t}


@pytest.mark.parametrize("name", ["IQM", "mean"])
def test_anytime_curves_are_the_summarys(figures, results, name):
    variants = figures["fictitious-test-anytime"]["variants"]
    lines = curves_of(variants[f"{name}|evaluations"])
    bands = {t["name"]: t for t in variants[f"{name}|evaluations"]["data"] if "fill" in t}
    assert set(lines) == set(bands) == set(AGENTS)
    for scores in results[0].summary.agents:
        wanted = np.array(scores.regret_iqm if name == "IQM" else scores.regret_mean)
        line, band = lines[scores.agent], bands[scores.agent]
        assert line["x"] == [1, 2, 3, 4]
        np.testing.assert_allclose(line["y"], wanted[:, 0], rtol=1e-4)
        np.testing.assert_allclose(line["customdata"], wanted, rtol=1e-4)
        area = [*wanted[:, 2], *wanted[::-1, 1]]
        np.testing.assert_allclose(band["y"], area, rtol=1e-4)


def test_captions_name_the_agents_with_fewer_runs(results):
    text = "On fewer runs (tasks x seeds) than the 3 x 2 of the others: gp-4 (2 x 2)."
    assert results[0].fewer_runs == text
    for figure in (anytime_figure, profile_figure):
        assert figure(results[0], styles(AGENTS, "gp-4")).caption.endswith(f". {text}")
    equal = tuple(scores for scores in results[0].summary.agents if scores.agent != "gp-4")
    assert replace(results[0], summary=replace(results[0].summary, agents=equal)).fewer_runs == ""


def test_curves_against_cost_and_time_by_hand(figures, results):
    """Evaluations cost 0.1 and take 0.5 s + 3 s x 10: in the middle of two, the first counts."""
    variants = figures["fictitious-test-anytime"]["variants"]
    scores = results[0].summary.agent("tuner-0")
    for against, each in (("cost", 0.1), ("time at 3 s per unit of the resource", 30.5)):
        line = curves_of(variants[f"mean|{against}"])["tuner-0"]
        x, y = np.array(line["x"]), np.array(line["y"])
        assert y[0] == 1.0
        for count in range(1, 4):
            inside = (x > 1.001 * each * count) & (x < 0.999 * each * (count + 1))
            np.testing.assert_allclose(
                y[inside], scores.regret_mean[count - 1].value, rtol=1e-4, err_msg=against
            )
            assert inside.any() or against == "cost"
    horizons = results[0].summary.cost_horizon, results[0].summary.time_horizons[-1]
    ends = [variants[f"IQM|{name}"]["data"][-1]["x"][-1] for name in ("cost", against)]
    np.testing.assert_allclose(ends, horizons, rtol=1e-4)


def test_profiles_ranks_and_differences_are_the_summarys(figures, results):
    one = results[0].summary
    lines = curves_of(figures["fictitious-test-profile"]["variants"][""])
    (ranks,) = figures["fictitious-test-rank"]["variants"][""]["data"]
    for scores in one.agents:
        np.testing.assert_allclose(
            lines[scores.agent]["customdata"], np.array(scores.profile), rtol=1e-4
        )
        place = ranks["y"].index(scores.agent)
        value, low, high = scores.rank
        assert ranks["x"][place] == pytest.approx(value, rel=1e-4)
        assert ranks["error_x"]["array"][place] == pytest.approx(high - value, abs=2e-4)
        assert ranks["error_x"]["arrayminus"][place] == pytest.approx(value - low, abs=2e-4)
    assert ranks["x"] == sorted(ranks["x"])
    variants = figures["fictitious-test-differences"]["variants"]
    (dots,) = variants["portfolio|2|mean"]["data"]
    assert "portfolio" not in dots["y"]
    for agent, value in zip(dots["y"], dots["x"], strict=True):
        comparison = one.comparison(agent, "portfolio")
        wanted = comparison.mean_difference[one.evaluations.index(2)]
        assert value == pytest.approx(wanted.value, rel=1e-4)


def test_training_seeds_stand_together(figures, results):
    (dots,) = figures["fictitious-test-seeds"]["variants"]["4|IQM"]["data"]
    assert dots["y"] == ["tuner-0", "tuner-1"]
    wanted = [results[0].summary.agent(agent).regret_iqm[3].value for agent in dots["y"]]
    np.testing.assert_allclose(dots["x"], wanted, rtol=1e-4)


@pytest.mark.parametrize("name", ["fictitious-test", "binormal-test"])
def test_example_shows_what_the_environment_evaluates(name):
    one = results_of(name)
    figure = example_figure(one, AGENTS, styles(AGENTS, "gp-4"))
    data = figure.variants[figure.controls["task"][0]]["data"]
    shown = {trace["name"] for trace in data}
    assert shown == {"optimum", "tuner-0", "gp-4", "portfolio", "random"}
    best = next(trace for trace in data if trace["name"] == "optimum")["y"][0]
    env, task, records = one.suite.env(), one.suite.tasks[0], one.runs("gp-4")
    infos = []
    for action in records.actions[0, 0]:
        env.reset(seed=env_seed(task, 0), options={"task": task})
        infos.append(env.step(action)[-1])
    # After one evaluation it is the incumbent, whose regret is noise-free.
    exact = [best * (1.0 - info["regret"]) for info in infos]
    incumbent, scores, *parameters = (trace for trace in data if trace["name"] == "gp-4")
    np.testing.assert_allclose(scores["y"], exact, rtol=1e-4)
    np.testing.assert_allclose(incumbent["y"], best * (1 - records.regret[0, 0]), rtol=1e-4)
    for trace, key in zip(parameters, ("thr", "epochs", "lr"), strict=True):
        np.testing.assert_allclose(trace["y"], [info[key] for info in infos], rtol=1e-4)


def test_a_page_of_an_oracle_alone():
    whole = results_of("fictitious-test")
    (record,) = (one for one in whole.records if one.agent == "random")
    scores = summarise(whole.suite, [record], settings=FEW)
    page = report_html(
        [SuiteResults(whole.suite, scores, (record,))],
        agents={"random": AgentFacts("oracle", oracle=True)},
        facts=FACTS,
    )
    assert "What agents proposed" in page


def test_capability_scores_by_hand(results):
    """0 for random search, 1 for regret 0; of IQMs, on common runs."""
    scores = capability_scores(results, AGENTS)
    narrow = next(one for one in results if one.suite.tags == ("narrow",))
    comparison = narrow.summary.comparison("gp-4", "random")
    assert comparison.tasks == 2
    share = 1.0 - comparison.agent_iqm[-1] / comparison.reference_iqm[-1]
    assert 0.0 < share < 1.0
    assert scores["gp-4"]["narrow"] == pytest.approx(share)
    assert scores["random"] == {"noise": 0.0, "narrow": 0.0, "cost": 0.0}
    assert scores["tuner-0"]["cost"] == 1.0
    assert 0.5 < scores["my <b>own</b>"]["noise"] < 1.0 > scores["tuner-1"]["cost"] > 0.9
    figure = radar_figure(scores, styles(AGENTS, "gp-4"))
    (trace,) = (t for t in figure.variants[""]["data"] if t["name"] == "gp-4")
    assert trace["theta"] == ["noise", "narrow", "cost", "noise"]
    assert trace["r"][1] == pytest.approx(share, rel=1e-4)
    assert radar_figure(capability_scores(results[:3], AGENTS), styles(AGENTS, "gp-4")) is None
    rows = {row[0]: row[1:] for row in capability_table(scores).rows}
    assert rows["gp-4"][1] == f"{share:.2f}"


def test_an_oracle_sets_no_scale(results):
    """With the best agent as oracle, the next best has 1, and the oracle no more than that."""
    agents = {**AGENTS, "tuner-0": AgentFacts("oracle", oracle=True)}
    scores = capability_scores(results, agents)
    assert scores["tuner-0"]["cost"] == scores["tuner-1"]["cost"] == 1.0
    before = capability_scores(results, AGENTS)
    assert before["tuner-1"]["cost"] < 1.0
    assert before["portfolio"]["cost"] < scores["portfolio"]["cost"] < 1.0
    for name in ("noise", "narrow"):
        assert [row[name] for row in scores.values()] == [row[name] for row in before.values()]


def test_eighteen_agents_look_different_and_seeds_alike():
    groups = dict.fromkeys((f"search {letter}" for letter in "abcdefghi"), "uninformed")
    groups |= dict.fromkeys(("static", "portfolio", "particle"), "informed") | {"o": "oracle"}
    agents = {agent: AgentFacts(group) for agent, group in groups.items()}
    agents |= learned(*(f"{name}-{seed}" for name in ("ppo", "unrolled") for seed in range(3)))
    made = styles(agents, "search c")
    assert len({(style.colour, style.dash) for style in made.values()}) == len(agents)
    assert made["ppo-0"].colour == made["ppo-2"].colour != made["unrolled-0"].colour
    widths = {agent: style.width for agent, style in made.items()}
    assert max(widths, key=lambda agent: widths[agent]) in ("ppo-0", "unrolled-0")
    assert styles({"mine": AgentFacts("whatever")}, "")["mine"].width == 3.0


def test_report_is_written_whole_and_stays_small(tmp_path, results, page):
    path = tmp_path / "folder" / "report.html"
    write_report(path, results, agents=AGENTS, facts=FACTS)
    assert path.read_text(encoding="utf-8") == page
    assert path.stat().st_size < 10e6


def test_no_results_and_missing_runs_are_refused(results):
    with pytest.raises(ValueError, match="at least one suite"):
        report_html([], agents={}, facts={})
    with pytest.raises(ValueError, match="no runs of 'nobody'"):
        results[0].runs("nobody")


def test_missing_plotly_names_the_extra(monkeypatch, results):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match=r"hpo-gym\[bench\]"):
        report_html(results[-1:], agents=AGENTS, facts={})


def test_one_agent_on_one_suite_makes_a_report():
    suite = suite_of("fictitious-test")
    records = (run(suite, "alone"),)
    scores = summarise(suite, records, settings=FEW)
    page = report_html([SuiteResults(suite, scores, records)], agents={}, facts={})
    assert 'id="fictitious-test-rank"' in page
    assert 'id="fictitious-test-differences"' not in page


def test_a_report_of_single_runs_shows_values_without_intervals():
    suite = replace(suite_of("fictitious-test"), tasks=(5,), seeds=(0,))
    records = tuple(run(suite, agent) for agent in ("random", "portfolio", "mine"))
    facts = {"mine": AgentFacts("yours")}
    scores = summarise(suite, records, facts=facts, settings=FEW)
    page = report_html([SuiteResults(suite, scores, records)], agents=facts, facts={})
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    for figure in json.loads(text[1]).values():
        for variant in figure["variants"].values():
            go.Figure(variant)
            assert "customdata[1]" not in json.dumps(variant)
    assert "not told apart from" in verdict_text(scores)


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
  dispatchEvent(new Event("beforeprint"));
  const undrawn = [...document.querySelectorAll(".plot")].filter((plot) => !plot.data).length;
  const report = document.createElement("pre");
  report.id = "report";
  report.textContent = JSON.stringify(
    { problems, drawn, first, alone, all, sorted, wide, undrawn });
  document.body.append(report);
});
</script>"""


def test_browser_draws_every_figure_without_network_or_errors(tmp_path, page, figures):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    page = page.replace("<style>", WATCH + "<style>", 1).replace("</body>", WALK + "</body>", 1)
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += ["--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,900"]
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
    assert not seen["wide"]
    assert seen["undrawn"] == 0
