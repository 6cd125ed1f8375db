"""What Azure's submodules named ``run`` have: the place from which notebooks import it."""

from hpo_gym.hyperdrive.child import Run
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun

__all__ = ["HyperDriveRun", "PrimaryMetricGoal", "Run"]
