"""`TuningEnv`: one tuning run as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

from hpo_gym.environments.action_masks import ActionMasks
from hpo_gym.rendering import TuningRenderer
from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.tasks.options import shows
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.process import TuningProcess


class TuningEnv(ActionMasks, ScalarShell):
    """Tune a classifier: propose or adjust (thr, epochs, lr), earn the gain of F1, pay for epochs.

    ## Description
    An episode is one tuning run. Every action evaluates a configuration of one *task*, here a
    closed-form model of a classifier's training; the *incumbent* is the best configuration
    observed so far. The reward is what the incumbent gained, minus the cost of the evaluation. The
    budget is ``max_evaluations``. The optimum is known (three one-dimensional problems, solved to
    the last bits), so the regret in ``info`` is exact.

    `FictitiousHPO-v0` is one fixed model: it measures optimisation under cost. A policy can learn
    its optimum by heart, so it does not measure adaptation to unseen tasks. That is what
    `FictitiousHPOFamily-v0`, `BinormalHPOFamily-v0` and `RoughHPOFamily-v0` measure: every reset
    draws a new task from the bank of the option ``split`` ("train" of 131,072 tasks, 32,768 of the
    last; "validation", "test" and "shifted" of 4,096), nothing is known at the start, metrics are
    noisy, 16 evaluations are all, and the observation is the history. See the modules
    `hpo_gym.families.fictitious.family`, `hpo_gym.families.binormal.family` and
    `hpo_gym.families.rough.family` for what is drawn. `RecordedHPO-v0` draws recorded tables of
    real classifiers, see `hpo_gym.families.recorded.family`. `LiveHPO-v0` trains a real classifier
    at every evaluation, see `hpo_gym.families.live.family`; its optimum is not known.
    `AnySpaceHPO-v0` draws random functions of 1 to 8 coordinates, see
    `hpo_gym.families.anyspace.family`; its observations begin with what the task says about them.

    ## Action Space
    | `action` | space | meaning | min | max |
    |---|---|---|---|---|
    | "propose" | `Box(-1, 1, (3,), float32)` | absolute unit configuration | -1 | 1 |
    | "adjust" | `Box(-1, 1, (3,), float32)` | move, 1 = `adjust_step` of the range | -1 | 1 |
    | "nudge" | `Discrete(7)` | 0 stay, 2i + 1 down, 2i + 2 up in coordinate i | 0 | 6 |

    A component a is clipped to [-1, 1]; with x = (a + 1) / 2, thr = x0, epochs = rint(1 + 99 x1),
    log10 lr = -4 + 4.8 x2. "adjust" and "nudge" move the last evaluated configuration; a nudge is
    0.1 of the range; moves are clipped at the walls, and evaluated and paid all the same. With
    ``stop=True`` a Box has a 4th component (> 0 stops) and Discrete an 8th action: the episode
    ends at no cost, without an evaluation. For "nudge", `action_masks()` says which moves do not
    run into a wall.

    ## Observation Space
    `Box(float32)`; "summary" has 14 components (for d unit coordinates and M metrics, 2d + M + 3):

    | index | content | min | max |
    |---|---|---|---|
    | 0-2 | last unit configuration | -1 | 1 |
    | 3-7 | its precision, recall, loss / (1 + loss), accuracy, F1, as observed | 0 | 1 |
    | 8-10 | the incumbent's unit configuration | -1 | 1 |
    | 11 | its observed score | 0 | 1 |
    | 12 | budget left | 0 | 1 |
    | 13 | known: 0 before any evaluation, 1 after | 0 | 1 |

    "history" appends one row [unit configuration, metrics, filled = 1] per evaluation, with zeros
    for those to come; the start, if it is evaluated, is the first. In families whose tasks say
    something about themselves (`Family.context`), both begin with that.
    `hpo_gym.tuning.Encoder` decodes both. No component depends on the optimum or on
    noise-free values.

    ## Rewards
    With the noise-free score s (F1; accuracy; 1 / (1 + loss)) and cost = evaluation_cost +
    epoch_cost x epochs / 100:

    | `reward` | formula | range |
    |---|---|---|
    | "f1_gain" | s(new incumbent) - s(old incumbent) - cost | [-1 - cost, 1 - cost] |
    | "f1_delta" | s(now) - s(before) - cost | [-1 - cost, 1 - cost] |
    | "log_regret" | f1_gain - 0.3 log10(clip(its regret, 1e-3, 1)) | up to 0.9 more |

    Without noise f1_gain is at least -cost, which is 0.0022 to 0.022 by default.

    ## Starting State
    ``start="random"``: a uniformly drawn configuration, evaluated at no cost. A configuration:
    that one. "none": nothing is known, the incumbent's score is 0 ("propose" only).

    ## Episode End
    Terminated when the budget is exhausted, or by a stop. Never truncated: the budget left is
    part of the observation. A further step raises `gymnasium.error.ResetNeeded`.

    ## Information
    The same keys at reset and at every step. float: thr, lr, precision, recall, loss, accuracy,
    f1, best_f1 (all as observed), regret (noise-free, of the incumbent, relative to the optimum),
    cost, total_cost. int: epochs, evaluations, task (-1 for a model given to `reset`). bool:
    is_success (regret <= 0.01). Names are those of the family's parameters and metrics. With
    ``start="none"`` they are 0 at reset, and the regret is 1. ``infos`` leaves out all of them, or
    all but those that it names.

    ## Arguments
    The options are documented in `hpo_gym.tuning.options.Options`; all can be written as JSON (but
    for a family that is an object, which has a name: "module:Class").
    ``reset(options={"start": configuration, "model": constants})`` sets one episode, and
    ``{"task": index}`` its task; it counts among the episodes of a sequence of tasks.

    Example:
        >>> import gymnasium as gym
        >>> env = gym.make("hpo_gym:FictitiousHPO-v0")
        >>> start = {"thr": 0.3, "epochs": 10, "lr": 1e-4}
        >>> observation, info = env.reset(seed=0, options={"start": start})
        >>> round(info["f1"], 6)
        0.084327
        >>> observation, reward, terminated, truncated, info = env.step([0.0, 0.6, 0.4])
        >>> info["epochs"], round(info["f1"], 6), round(reward, 6)
        (80, 0.769354, 0.667027)

    ## Version History
    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    process: TuningProcess

    @shows(Options)
    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        process = TuningProcess(Options(**options))
        super().__init__(
            process,
            render_mode=render_mode,
            renderer=TuningRenderer(process),
            infos=process.options.infos,
        )
