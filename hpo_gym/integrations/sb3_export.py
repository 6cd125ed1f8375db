"""From a trained Stable-Baselines3 model to a NumPy `Policy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.policies.description import FORMAT
from hpo_gym.policies.policy import ACTIVATIONS, Policy

try:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.policies import ActorCriticPolicy
    from stable_baselines3.common.torch_layers import FlattenExtractor
    from stable_baselines3.dqn.policies import DQNPolicy
    from torch import nn
except ImportError as error:
    raise ImportError(
        "hpo_gym.integrations.sb3_export needs stable-baselines3: pip install 'hpo-gym[sb3]'"
    ) from error


def policy_from_sb3(model: BaseAlgorithm, details: Mapping[str, Any] | None = None) -> Policy:
    """The policy of a PPO, A2C, DQN or RecurrentPPO model in NumPy, equal to it within 1e-5.

    Args:
        model: A model with "MlpPolicy" or "MlpLstmPolicy" that still has its environment; its
            `VecNormalize` statistics of observations, if any, go into the policy.
        details: Further entries of the description, of types that JSON knows.

    Raises:
        ValueError: The model has a policy of another kind.

    Example:
        >>> import gymnasium as gym
        >>> from stable_baselines3 import A2C
        >>> env = gym.make("hpo_gym:FictitiousHPO-v0")
        >>> model = A2C("MlpPolicy", env, device="cpu")
        >>> policy = policy_from_sb3(model)
        >>> policy.predict(env.reset()[0], deterministic=True)[0].shape
        (3,)
    """
    policy, envs = model.policy, model.get_env()
    if envs is None:
        raise ValueError("the model has no environment: give it one with model.set_env(...)")
    if not isinstance(getattr(policy, "features_extractor", None), FlattenExtractor | None):
        raise ValueError("policies with a features extractor of their own cannot be exported")
    arrays: dict[str, NDArray[Any]] = {}
    modules: list[nn.Module]
    if isinstance(policy, DQNPolicy):
        kind, modules = "greedy", [policy.q_net.q_net]
    elif isinstance(policy, ActorCriticPolicy) and not (policy.use_sde or policy.squash_output):
        modules = [policy.mlp_extractor.policy_net, policy.action_net]
        kind = "gaussian" if hasattr(policy, "log_std") else "categorical"
        if kind == "gaussian":
            arrays["log_std"] = _numpy(policy.log_std)
    else:
        raise ValueError(
            f"a {type(policy).__name__} cannot be exported: only the MlpPolicy of PPO and A2C "
            "without state-dependent exploration, that of DQN, and the MlpLstmPolicy"
        )
    linear, activation = _perceptron(modules)
    for i, layer in enumerate(linear):
        arrays[f"weight_{i}"], arrays[f"bias_{i}"] = _numpy(layer.weight), _numpy(layer.bias)
    description: dict[str, Any] = {
        "format": FORMAT,
        "algorithm": type(model).__name__,
        "kind": kind,
        "activation": activation,
        "layer_sizes": [linear[0].in_features, *(layer.out_features for layer in linear)],
        "interface": envs.get_attr("process")[0].interface,
    }
    memory = getattr(policy, "lstm_actor", None)
    if memory is not None:
        description["memory_size"] = memory.hidden_size
        arrays |= _memory(memory)
    normalise = model.get_vec_normalize_env()
    if normalise is not None and normalise.norm_obs:
        statistics: Any = normalise.obs_rms
        arrays["observation_mean"] = np.array(statistics.mean)
        arrays["observation_scale"] = np.sqrt(statistics.var + normalise.epsilon)
        description["observation_clip"] = normalise.clip_obs
    return Policy(arrays, description | dict(details or {}))


def _memory(lstm: nn.LSTM) -> dict[str, NDArray[np.float32]]:
    """The arrays of `hpo_gym.policies.lstm`."""
    if lstm.num_layers != 1:
        raise ValueError(f"an LSTM of {lstm.num_layers} layers cannot be exported: use one layer")
    return {
        "memory_observation_weight": _numpy(lstm.weight_ih_l0),
        "memory_hidden_weight": _numpy(lstm.weight_hh_l0),
        "memory_bias": _numpy(lstm.bias_ih_l0) + _numpy(lstm.bias_hh_l0),
    }


def _perceptron(modules: list[nn.Module]) -> tuple[list[nn.Linear], str]:
    """The linear layers, input first, and the name of the activation between them."""
    linear: list[nn.Linear] = []
    between: set[str] = set()
    for module in (part for parent in modules for part in parent.modules()):
        if isinstance(module, nn.Linear):
            linear.append(module)
        elif not isinstance(module, nn.Sequential):
            between.add(type(module).__name__.lower())
    activation = between.pop() if between else "tanh"
    if between or activation not in ACTIVATIONS:
        raise ValueError(
            f"layers {sorted({activation, *between})} cannot be exported: use one activation of "
            f"{sorted(ACTIVATIONS)} throughout"
        )
    return linear, activation


def _numpy(tensor: Any) -> NDArray[np.float32]:
    """A copy that later training does not change."""
    return np.array(tensor.detach().cpu().numpy())
