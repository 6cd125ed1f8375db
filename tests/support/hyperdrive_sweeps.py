"""A sweep in YAML, and changes of it that are refused."""

from __future__ import annotations

import copy

SWEEP = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json",
    "type": "sweep",
    "experiment_name": "course",
    "inputs": {"rows": 100, "data": {"type": "uri_file", "path": "data.csv"}},
    "trial": {
        "command": "python train.py --data ${{inputs.data}} --rows ${{inputs.rows}} "
        "--C ${{search_space.C}} --steps ${{search_space.steps}}",
        "code": "src",
        "environment": "azureml:sklearn@latest",
        "environment_variables": {"LEVEL": "3"},
    },
    "compute": "azureml:cluster",
    "sampling_algorithm": "random",
    "search_space": {
        "C": {"type": "uniform", "min_value": 0.05, "max_value": 0.1},
        "steps": {"type": "choice", "values": [50, 100]},
    },
    "objective": {"goal": "maximize", "primary_metric": "accuracy"},
    "early_termination": {
        "type": "bandit",
        "slack_factor": 0.1,
        "evaluation_interval": 2,
        "delay_evaluation": 5,
    },
    "limits": {"max_total_trials": 20, "max_concurrent_trials": 4, "timeout": 7200},
}
GONE = "(left out)"

BANDIT = {"type": "bandit", "slack_factor": 0.1}
REFUSED = [
    ({"type": "command"}, "SDK", "type = 'command' must be sweep"),
    ({"speed": 3}, "SDK", "the sweep has the unknown key 'speed'; it may have type, trial"),
    ({"trial": GONE}, "SDK", "the sweep has no 'trial'; add it"),
    ({"trial.command": GONE}, "SDK", "trial has no 'command'"),
    ({"trial.environment": GONE}, "SDK", "trial has no 'environment'"),
    (
        {"trial.command": "python train.py ${{search_space.D}}"},
        None,
        r"search_space.D\}\} is unknown",
    ),
    ({"trial.code": "nowhere"}, None, "trial: source_directory = .*nowhere.*no such folder"),
    ({"sampling_algorithm": "annealing"}, "SDK", "'annealing' must be random or grid or bayesian"),
    (
        {"sampling_algorithm": {"type": "random", "rule": "halton"}},
        "SDK",
        "rule = 'halton' must be",
    ),
    ({"sampling_algorithm": {"type": "random", "seed": "a"}}, "SDK", "seed = 'a' must be a number"),
    ({"sampling_algorithm": {"type": "random", "logbase": -1}}, None, "logbase = -1 must be"),
    ({"sampling_algorithm": {"type": "grid", "seed": 1}}, "SDK", "the unknown key 'seed'"),
    ({"sampling_algorithm": "grid"}, "service", "C = .* takes choice only"),
    ({"sampling_algorithm": "bayesian"}, "service", "policy = BanditPolicy: Bayesian sampling"),
    ({"search_space": {}}, "service", "search_space: parameter_space = {} must be"),
    ({"search_space.C": 3}, "SDK", "search_space.C = 3 must have a type"),
    (
        {"search_space.C": {"type": "cauchy"}},
        "SDK",
        "search_space.C.type = 'cauchy' must be choice",
    ),
    ({"search_space.C.max_value": GONE}, "SDK", "search_space.C has no 'max_value'"),
    ({"search_space.C.max_value": "x"}, "SDK", "search_space.C.max_value = 'x' must be a number"),
    ({"search_space.C.max_value": 0.01}, "service", "min_value must be below max_value"),
    (
        {"search_space.C.q": 1},
        "SDK",
        "search_space.C has the unknown key 'q'; it may have type, min",
    ),
    ({"search_space.steps.values": []}, "service", "search_space.steps: choice of"),
    ({"search_space.steps.values": [True]}, "SDK", "the option True must be a string, .* 'True'"),
    ({"objective.goal": "up"}, "SDK", "objective.goal = 'up' must be maximize or minimize"),
    ({"objective.primary_metric": GONE}, "SDK", "objective has no 'primary_metric'"),
    (
        {"early_termination.type": "default"},
        "SDK",
        "'default' must be bandit or median_stopping or",
    ),
    (
        {"early_termination": {"type": "bandit"}},
        "service",
        "early_termination: slack_factor = None",
    ),
    ({"early_termination": BANDIT | {"slack_amount": 0.1}}, "service", "give exactly one of them"),
    ({"early_termination": BANDIT | {"delay_evaluation": -1}}, "service", "delay_evaluation = -1"),
    ({"early_termination": BANDIT | {"delay_evaluation": "a"}}, "SDK", "'a' must be a number"),
    (
        {"early_termination": {"type": "truncation_selection"}},
        "SDK",
        "early_termination has no 'truncation_percentage'",
    ),
    (
        {
            "early_termination": {
                "type": "truncation_selection",
                "truncation_percentage": 20,
                "exclude_finished_jobs": True,
            }
        },
        "SDK",
        "the unknown key 'exclude_finished_jobs'",
    ),
    ({"limits.max_total_trials": GONE}, "SDK", "limits has no 'max_total_trials'; add it"),
    ({"limits.max_total_trials": 0}, "service", r"max_total_trials = 0 must lie in \[1, 1000\]"),
    ({"limits.max_total_trials": 2000}, "service", "max_total_trials = 2000 must lie in"),
    ({"limits.max_concurrent_trials": 21}, "service", r"trials = 21 must lie in \[1, 20\]"),
    ({"limits.timeout": "soon"}, "SDK", "limits.timeout = 'soon' must be a number"),
    ({"limits.speed": 1}, "SDK", "limits has the unknown key 'speed'"),
]
"""Values by their places, who refuses them in Azure ("SDK": its client, on reading), our words."""


def changed(changes):
    """The sweep with other values at some places, such as "limits.timeout"."""
    sweep = copy.deepcopy(SWEEP)
    for place, value in changes.items():
        *rooms, key = place.split(".")
        section = sweep
        for room in rooms:
            section = section[room]
        if value is GONE:
            del section[key]
        else:
            section[key] = value
    return sweep


def write(folder, changes=()):
    """The sweep and what it names as files; the path of sweep.yml."""
    import yaml

    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "train.py").write_text("print('trained')\n")
    (folder / "data.csv").write_text("x\n")
    path = folder / "sweep.yml"
    path.write_text(yaml.safe_dump(changed(dict(changes))))
    return path
