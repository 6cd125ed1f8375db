"""`LearningRateEnv`: one training, whose learning rate is set while it runs."""

from __future__ import annotations

from typing import Any

from hpo_gym.learning_rate import LearningRateOptions, LearningRateProcess
from hpo_gym.rendering import TuningRenderer
from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.tasks.options import shows


class LearningRateEnv(ScalarShell):
    """Schedule the learning rate of a running training: earn the gain of F1, pay for epochs.

    ## Description
    An episode is one training of a classifier. Every action sets the learning rate for the next
    block of epochs, or stops. After a block the training reports its metrics, as observed on a
    finite validation set; the *incumbent* is the best report so far, as if its weights had been
    kept. The budget is ``max_epochs``, in blocks of ``block_epochs``: 100 epochs in 20 blocks.

    With ``family="binormal"``, every reset draws a task of the family's bank. Its trainings are in
    closed form: they progress by the sum of the learning rates, and large steps cost part of what
    is learned, some of it for good; see `hpo_gym.learning_rate.binormal`. With a constant rate the
    metrics are those of the family `binormal`. With ``family="live"``, a block trains a classifier
    of scikit-learn, see `hpo_gym.learning_rate.live` and `hpo_gym.families.live.family`.

    ## Action Space
    `Box(-1, 1, (2,), float32)`, or `(1,)` with ``stop=False``:

    | index | content | min | max |
    |---|---|---|---|
    | 0 | learning rate of the next block: log10 lr = -4 + 2.4 (a + 1) | -1 | 1 |
    | 1 | above 0: the training stops, at no cost | -1 | 1 |

    Components are clipped.

    ## Observation Space
    `Box(float32)`. For B blocks it has 10 + 7 B components, 150 by default:

    | index | content | min | max |
    |---|---|---|---|
    | 0 | action 0 of the last block | -1 | 1 |
    | 1-5 | its precision, recall, loss / (1 + loss), accuracy, F1, as observed | 0 | 1 |
    | 6 | action 0 of the block that made the incumbent | -1 | 1 |
    | 7 | the incumbent's observed score | 0 | 1 |
    | 8 | budget of epochs left | 0 | 1 |
    | 9 | known: 0 before the first block, 1 after | 0 | 1 |
    | 10 + 7 i | the learning curve: of block i, the same as 0 to 5, and filled = 1 | -1 | 1 |

    Of blocks to come all 7 are 0. `hpo_gym.tuning.Encoder` decodes it. No component depends on
    noise-free values.

    ## Rewards
    With the noise-free score s (F1; accuracy; 1 / (1 + loss)), 0 before the first block, and cost =
    epoch_cost x block_epochs / 100:

        reward = s(new incumbent) - s(old incumbent) - cost

    It lies in [-1 - cost, 1 - cost], for the incumbent is chosen by what is observed. Of the family
    "live", what is observed counts. A stop has reward 0.

    ## Starting State
    Nothing is trained, nothing is known.

    ## Episode End
    Terminated when the budget is exhausted, by a stop, or when a training of the family "live"
    fails: its last block is paid. Never truncated: the budget left is part of the observation.

    ## Information
    The same keys at reset and at every step. float: lr (of the last block), precision, recall,
    loss, accuracy, f1, best_f1 (all as observed), cost, total_cost. int: evaluations (blocks so
    far), task (-1 for a model given to `reset`), epochs (so far). bool, of the family "live":
    failed. There is no regret: the best schedule is not known.

    ## Arguments
    The options are documented in `hpo_gym.learning_rate.LearningRateOptions`. The noise is that of
    counts, or of training seeds, and no other. ``reset(options={"task": index})`` sets the task of
    one episode, ``{"model": constants}`` its constants.

    Example:
        >>> import gymnasium as gym
        >>> env = gym.make("hpo_gym:LearningRateSchedule-v0", split="test", task=0)
        >>> observation, info = env.reset(seed=0)
        >>> for action in (0.6, 0.6, 0.2):
        ...     observation, reward, terminated, truncated, info = env.step([action, -1.0])
        >>> info["epochs"], round(info["lr"], 4), round(info["total_cost"], 4)
        (15, 0.0759, 0.003)

    ## Version History
    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    process: LearningRateProcess

    @shows(LearningRateOptions)
    def __init__(self, *, render_mode: str | None = None, **options: Any) -> None:
        process = LearningRateProcess(LearningRateOptions(**options))
        super().__init__(
            process,
            render_mode=render_mode,
            renderer=TuningRenderer(process),
            infos=process.options.infos,
        )
