"""The suites that come with the package.

| suite | tasks | what it measures |
|---|---|---|
| `fictitious-test` | 256 of the split test, 5 seeds | adaptation to unseen tasks |
| `fictitious-shifted` | 256 of the split shifted, 5 seeds | tasks outside the training's ranges |
| `fictitious-noisy` | as `fictitious-test` | noise 0.05 on every task, more than in training |
| `binormal-test` | 256 of the split test, 5 seeds | realistic tasks; portfolios are strong |
| `rough-test` | 256 of the split test, 5 seeds | realistic tasks that no equations explain |
| `recorded-test` | all 47 of the split test, 5 seeds | real classifiers, in recorded tables |
| `smoke` | 8 of the split test, 2 seeds | nothing: it tests the machinery |

Capability suites isolate one difficulty each, which is their tag, with 32 tasks and 2 seeds, in the
manner of bsuite (Osband et al., "Behaviour Suite for Reinforcement Learning", ICLR 2020):
`capability-noise` (noise 0.1), `capability-plateau` and `capability-narrow` (tasks with the largest
and the smallest share of nearly optimal configurations, see
`hpo_gym.benchmark.suites.capabilities`), `capability-cost` (only epochs are paid for, 0.2 per 100;
the score is the return) and `capability-shift` (split shifted).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpo_gym.benchmark.suites.capabilities import stored_tasks
from hpo_gym.benchmark.suites.suite import Suite, standard_options

_FICTITIOUS: Mapping[str, Any] = {"name": "fictitious", "version": 1}
_BINORMAL: Mapping[str, Any] = {"name": "binormal", "version": 1}
_ROUGH: Mapping[str, Any] = {"name": "rough", "version": 2}
_RECORDED: Mapping[str, Any] = {"name": "recorded", "version": 1}


def _main(
    name: str, family: Mapping[str, Any], split: str = "test", tasks: int = 256, **changes: Any
) -> Suite:
    options = standard_options(**changes)
    return Suite(name, family, split, tuple(range(tasks)), (0, 1, 2, 3, 4), options)


def _capability(
    tag: str,
    tasks: tuple[int, ...] = tuple(range(32)),
    split: str = "test",
    score: str = "regret",
    **changes: Any,
) -> Suite:
    options = standard_options(**changes)
    name, seeds = f"capability-{tag}", (0, 1)
    return Suite(name, _FICTITIOUS, split, tasks, seeds, options, score=score, tags=(tag,))


_CHOSEN = stored_tasks()

SHIPPED = (
    _main("fictitious-test", _FICTITIOUS),
    _main("fictitious-shifted", _FICTITIOUS, "shifted"),
    _main("fictitious-noisy", _FICTITIOUS, noise=0.05),
    _main("binormal-test", _BINORMAL),
    _main("rough-test", _ROUGH),
    _main("recorded-test", _RECORDED, tasks=47),
    Suite("smoke", _FICTITIOUS, "test", tuple(range(8)), (0, 1), standard_options()),
    _capability("noise", noise=0.1),
    _capability("plateau", _CHOSEN["plateau"]),
    _capability("narrow", _CHOSEN["narrow"]),
    _capability("cost", score="return", evaluation_cost=0.0, epoch_cost=0.2),
    _capability("shift", split="shifted"),
)
"""In the order in which they run."""
