"""hpo_gym: a Gymnasium environment for learned hyperparameter tuners.

Importing it registers the environments; ``gym.make("hpo_gym:FictitiousHPO-v0")`` imports it by
itself. Only gymnasium and numpy are loaded. What stands here is the public face; docs/api.md lists
it.
"""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

from hpo_gym.environments.tuning_env import TuningEnv
from hpo_gym.environments.tuning_vector_env import TuningVectorEnv
from hpo_gym.families import Family, FictitiousModel, make_family, register_family
from hpo_gym.parameters import Categorical, Float, Integer
from hpo_gym.policies import pretrained
from hpo_gym.policies.policy import Policy
from hpo_gym.space import SearchSpace
from hpo_gym.tuners import Tuner, play, policy_tuner
from hpo_gym.tuning.rewards import register_reward

__version__ = "0.1.0"

_HISTORY = {"start": "none", "max_evaluations": 16, "observation": "history"}

_TUNING: dict[str, dict[str, object]] = {
    "FictitiousHPO-v0": {},
    "FictitiousHPOAdjust-v0": {"action": "adjust"},
    "FictitiousHPONudge-v0": {"action": "nudge"},
    "BealeHPO-v0": {"family": "beale", "metric": "f", "start": {"x": 4.0, "y": 4.0}},
    "FictitiousHPOFamily-v0": {"family": "fictitious", **_HISTORY},
    "BinormalHPOFamily-v0": {"family": "binormal", **_HISTORY},
    "RoughHPOFamily-v0": {"family": "rough", **_HISTORY},
    "RecordedHPO-v0": {"family": "recorded", **_HISTORY},
    "LiveHPO-v0": {"family": "live", **_HISTORY},
    "AnySpaceHPO-v0": {"family": "anyspace", "metric": "value", **_HISTORY},
}
_SCHEDULING: dict[str, dict[str, object]] = {
    "FictitiousHPOSchedule-v0": {"family": "fictitious"},
    "RoughHPOSchedule-v0": {"family": "rough"},
    "RecordedHPOSchedule-v0": {"family": "recorded"},
}
_PAGES: dict[str, dict[str, dict[str, object]]] = {
    "tuning": _TUNING,
    "scheduling": _SCHEDULING,
    "learning_rate": {"LearningRateSchedule-v0": {}},
}

ENVIRONMENTS: dict[str, dict[str, object]] = {
    id: options for page in _PAGES.values() for id, options in page.items()
}
"""The registered ids and the options in which they differ from the defaults."""

# Where one number is the best possible return, of `hpo_gym.tuning.optimal`: it, rounded down. The
# other ids begin at random, or draw their tasks.
_REWARD_THRESHOLDS = {"BealeHPO-v0": 0.821}

for _page, _environments in _PAGES.items():
    _module, _class = f"hpo_gym.environments.{_page}", _page.title().replace("_", "")
    for _id, _options in _environments.items():
        if _id not in registry:
            register(
                id=_id,
                entry_point=f"{_module}_env:{_class}Env",
                vector_entry_point=f"{_module}_vector_env:{_class}VectorEnv",
                kwargs=_options,
                reward_threshold=_REWARD_THRESHOLDS.get(_id),
            )

__all__ = [
    "ENVIRONMENTS",
    "Categorical",
    "Family",
    "FictitiousModel",
    "Float",
    "Integer",
    "Policy",
    "SearchSpace",
    "Tuner",
    "TuningEnv",
    "TuningVectorEnv",
    "make_family",
    "play",
    "policy_tuner",
    "pretrained",
    "register_family",
    "register_reward",
]
