"""Scheduling: which runs go on for how long."""
