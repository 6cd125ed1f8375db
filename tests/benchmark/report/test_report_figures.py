"""The report's figures show the summary's numbers."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_reports import AGENTS, results_of
from scored_runs import learned

from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.showing.report.anytime import anytime_figure, profile_figure
from hpo_gym.benchmark.showing.report.example import example_figure
from hpo_gym.benchmark.showing.report.radar import capability_scores, capability_table, radar_figure
from hpo_gym.benchmark.showing.report.style import styles
from hpo_gym.benchmark.suites.suite import env_seed

OWN = next(agent for agent, facts in AGENTS.items() if facts.group == "yours")


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


@pytest.mark.parametrize("figure", ["rank", "differences"])
def test_rows_of_the_users_own_tuners_have_bold_names(figures, figure):
    """Colours alone do not mark them."""
    for variant in figures[f"fictitious-test-{figure}"]["variants"].values():
        rows = variant["layout"]["yaxis"]
        assert rows["tickvals"] == rows["categoryarray"] == variant["data"][0]["y"]
        texts = dict(zip(rows["tickvals"], rows["ticktext"], strict=True))
        bold = {name for name, text in texts.items() if text != name}
        assert bold == {OWN} and texts[OWN] == f"<b>{OWN}</b>"


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
