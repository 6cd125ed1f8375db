"""Measuring tuners: rollouts, statistics and plots. Agents are arguments, never imports."""
