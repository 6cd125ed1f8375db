"""Made-up results of four suites, for tests of the report."""

from dataclasses import replace

import numpy as np
from scored_runs import ROLES, learned

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.showing.report import SuiteResults
from hpo_gym.benchmark.suites.registry import make_suite

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
