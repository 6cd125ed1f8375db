"""Frames of an episode: see `hpo_gym.rendering.renderer`."""

from hpo_gym.rendering.renderer import TuningRenderer

__all__ = ["TuningRenderer"]
