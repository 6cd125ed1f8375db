"""Scheduling: which runs go on for how long."""

from hpo_gym.scheduling.actions import ActionFormat
from hpo_gym.scheduling.learned import PolicyScheduler
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.process import SchedulingProcess
from hpo_gym.scheduling.table import Decision, Runs, Scheduler, Status

__all__ = [
    "ActionFormat",
    "Decision",
    "PolicyScheduler",
    "Runs",
    "Scheduler",
    "SchedulingEncoder",
    "SchedulingOptions",
    "SchedulingProcess",
    "Status",
]
