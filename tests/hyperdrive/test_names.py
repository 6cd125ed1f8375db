"""The names of Azure's SDK, where its documentation and notebooks import them from."""

from importlib import import_module

import pytest

from hpo_gym import hyperdrive

SUBMODULES = {
    "policy": "BanditPolicy EarlyTerminationPolicy MedianStoppingPolicy NoTerminationPolicy "
    "TruncationSelectionPolicy",
    "sampling": "BayesianParameterSampling GridParameterSampling HyperParameterSampling "
    "RandomParameterSampling",
    "runconfig": "HyperDriveConfig PrimaryMetricGoal",
    "run": "HyperDriveRun PrimaryMetricGoal Run",
    "parameter_expressions": "choice lognormal loguniform normal qlognormal qloguniform qnormal "
    "quniform randint uniform",
    "experiment": "Experiment",
    "workspace": "Model Workspace",
}


@pytest.mark.parametrize(
    ("submodule", "name"),
    [(submodule, name) for submodule, names in SUBMODULES.items() for name in names.split()],
)
def test_a_name_is_the_same_in_its_submodule_and_above(submodule, name):
    found = getattr(import_module(f"hpo_gym.hyperdrive.{submodule}"), name)
    assert found is getattr(hyperdrive, name)
    assert name in hyperdrive.__all__


@pytest.mark.parametrize("submodule", SUBMODULES)
def test_a_submodule_may_be_the_first_import(run_python, submodule):
    names = SUBMODULES[submodule].replace(" ", ", ")
    assert run_python(f"from hpo_gym.hyperdrive.{submodule} import {names}; print(1)") == "1\n"
