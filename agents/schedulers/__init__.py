"""Agents of the scheduling environments: a sampler of configurations and a scheduler."""
