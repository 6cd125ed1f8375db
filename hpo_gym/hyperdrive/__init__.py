"""Azure HyperDrive, executed offline."""

from hpo_gym.hyperdrive.child import Run
from hpo_gym.hyperdrive.details.run_details import RunDetails
from hpo_gym.hyperdrive.exceptions import (
    HyperDriveConfigException,
    HyperDriveNotImplementedException,
)
from hpo_gym.hyperdrive.experiment import Experiment
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun
from hpo_gym.hyperdrive.parameter_expressions import (
    choice,
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from hpo_gym.hyperdrive.policy import (
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    HyperParameterSampling,
    RandomParameterSampling,
)
from hpo_gym.hyperdrive.script_config import Environment, ScriptRunConfig
from hpo_gym.hyperdrive.sweep import load_sweep
from hpo_gym.hyperdrive.workspace import Model, Workspace

__all__ = [
    "BanditPolicy",
    "BayesianParameterSampling",
    "EarlyTerminationPolicy",
    "Environment",
    "Experiment",
    "FamilyRunConfig",
    "GridParameterSampling",
    "HyperDriveConfig",
    "HyperDriveConfigException",
    "HyperDriveNotImplementedException",
    "HyperDriveRun",
    "HyperParameterSampling",
    "MedianStoppingPolicy",
    "Model",
    "NoTerminationPolicy",
    "PrimaryMetricGoal",
    "RandomParameterSampling",
    "Run",
    "RunDetails",
    "ScriptRunConfig",
    "TruncationSelectionPolicy",
    "Workspace",
    "choice",
    "load_sweep",
    "lognormal",
    "loguniform",
    "normal",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "uniform",
]
