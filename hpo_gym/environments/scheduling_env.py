"""`SchedulingEnv`: several workers that train classifiers, as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.process import SchedulingProcess
from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.tasks.options import shows


class SchedulingEnv(ScalarShell):
    """Decide which runs go on, and for how long: earn the gain of F1, pay for epochs.

    ## Description
    An episode is one tuning run with W workers on a virtual clock. A *run* trains a classifier of
    one configuration (thr, lr), and reports its F1 after 1, 2, 4, 8, 16, 32, 64 and 100 epochs
    (option ``reports``). A *grant* has a worker train a run to its next report; its epochs are
    taken from the budget of worker-epochs. Whenever a worker is free the agent decides: the run
    that has just reported is continued, paused or stopped; else a new run is started, a paused one
    is resumed, or the worker waits until another one has reported. The *incumbent* is the run, and
    number of epochs, of the best report so far.

    `FictitiousHPOSchedule-v0`, `RoughHPOSchedule-v0` and `RecordedHPOSchedule-v0` draw a task of
    the families of `FictitiousHPOFamily-v0`, `RoughHPOFamily-v0` and `RecordedHPO-v0` at every
    reset. All reports of a run share their random numbers: its noise is that of one training seed
    and one set of cases, so a learning curve does not jump about.

    ## Action Space
    `Box(-1, 1, (5,), float32)`:

    | index | meaning |
    |---|---|
    | 0 | the run that has just reported: above 1/3 continue, below -1/3 stop, else pause |
    | 1 | if none continues: above 1/3 start a run, below -1/3 wait, else resume a paused one |
    | 2 | which: 1 the paused run with the best last score, -1 with the worst, evenly between |
    | 3-4 | thr and lr of a new run, unit coordinates as in `TuningEnv` |

    Components are clipped to [-1, 1]; thr and lr are rounded to float32. Where no other run is
    paused, a run is started instead of resumed. What cannot be done is a wait: a block of epochs
    that the budget does not pay, a start beyond ``max_runs``. With ``action="choose"`` an action is
    one of `Discrete(8)`, see `hpo_gym.scheduling.choices`.

    ## Observation Space
    `Box(float32)` of 772 components, 4 + 12 for each of the 64 runs that can be started:

    | index | content | min | max |
    |---|---|---|---|
    | 0 | time, of the longest that an episode can take | 0 | 1 |
    | 1 | budget left | 0 | 1 |
    | 2 | the incumbent's observed score | 0 | 1 |
    | 3 | share of the other workers that wait | 0 | 1 |

    then for each run, in the order of starts:

    | offset | content | min | max |
    |---|---|---|---|
    | 0-1 | its unit configuration | -1 | 1 |
    | 2 | 0 none, 0.2 running, 0.4 has just reported, 0.6 paused, 0.8 stopped, 1 completed | 0 | 1 |
    | 3 | share of its reports that are there | 0 | 1 |
    | 4-11 | its observed scores at the reports, 0 for those to come | 0 | 1 |

    `hpo_gym.scheduling.SchedulingEncoder` decodes it.

    ## Rewards
    Noise-free score of the new incumbent - that of the old one - cost; cost = epoch_cost x epochs
    granted / 100. A step in which no run reports has the reward -cost.

    ## Starting State
    No run has been started, all workers are free, the clock shows 0.

    ## Episode End
    Terminated when nobody works, and all workers wait or the budget pays for no block.

    ## Information
    The same keys at reset and at every step. Of the last report: thr, epochs, lr, precision,
    recall, loss, accuracy, f1 (as observed), run (its number; -1 and zeros before any). best_f1 (of
    the incumbent, as observed), regret (noise-free, of the incumbent, relative to the optimum),
    is_success (regret <= 0.01), cost, total_cost, time, granted (worker-epochs), runs (started),
    task.

    ## Arguments
    The options are documented in `hpo_gym.scheduling.SchedulingOptions`.
    ``reset(options={"task": index})`` sets the task of one episode.

    Example:
        >>> import gymnasium as gym
        >>> env = gym.make("hpo_gym:RecordedHPOSchedule-v0", workers=1)
        >>> observation, info = env.reset(seed=0, options={"task": 0})
        >>> start, go_on = [0.0, 1.0, 0.0, 0.0, 0.4], [1.0, 1.0, 0.0, 0.0, 0.0]
        >>> for action in (start, go_on, go_on):
        ...     observation, reward, terminated, truncated, info = env.step(action)
        ...     print(info["run"], info["epochs"], info["time"], round(info["f1"], 3))
        0 1 1.0 0.474
        0 2 2.0 0.632
        0 4 4.0 0.609

    ## Version History
    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": [], "render_fps": 4}

    process: SchedulingProcess

    @shows(SchedulingOptions)
    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        process = SchedulingProcess(SchedulingOptions(**options))
        super().__init__(process, render_mode=render_mode, infos=process.options.infos)
