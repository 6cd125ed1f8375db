"""Declarations as a user writes them, for our names and, where it is installed, for Azure's."""

from __future__ import annotations

SPACE = "{'lr': loguniform(-6, -1), 'batch': choice(16, 32)}"
NESTED = "{'model': choice({'depth': choice(2, 4)}, {'kernel': choice('rbf', 'poly')})}"

EXPRESSIONS = {
    "choice(1, 2)": ["choice", [[1, 2]]],
    "choice([1, 2])": ["choice", [[1, 2]]],
    "choice(range(3))": ["choice", [[0, 1, 2]]],
    "choice('a')": ["choice", [["a"]]],
    "choice((1, 2))": ["choice", [[(1, 2)]]],
    "choice(None, True)": ["choice", [[None, True]]],
    "choice({'x': uniform(0, 1)}, {'y': 3})": ["choice", [[{"x": ["uniform", [0, 1]]}, {"y": 3}]]],
    "randint(3)": ["randint", [3]],
    "uniform(0, 1)": ["uniform", [0, 1]],
    "uniform(min_value=0.05, max_value=0.1)": ["uniform", [0.05, 0.1]],
    "quniform(0, 10, 2)": ["quniform", [0, 10, 2]],
    "quniform(0, 10, 2.0)": ["quniform", [0, 10, 2.0]],
    "loguniform(-6, -1)": ["loguniform", [-6, -1]],
    "loguniform(1, 1)": ["loguniform", [1, 1]],
    "qloguniform(0, 5, 3)": ["qloguniform", [0, 5, 3]],
    "qloguniform(1, 1, 1)": ["qloguniform", [1, 1, 1]],
    "normal(10, 3)": ["normal", [10, 3]],
    "normal(10, 0)": ["normal", [10, 0]],
    "qnormal(10, 3, 2)": ["qnormal", [10, 3, 2]],
    "lognormal(0, 1)": ["lognormal", [0, 1]],
    "qlognormal(0, 1, 1)": ["qlognormal", [0, 1, 1]],
}
"""Calls and the lists that they give."""

SENT = {
    "NoTerminationPolicy()": {"name": "Default"},
    "BanditPolicy(slack_factor=0.1)": {
        "name": "Bandit",
        "properties": {"evaluation_interval": 1, "delay_evaluation": 0, "slack_factor": 0.1},
    },
    "BanditPolicy(2, None, 0.2, 5)": {
        "name": "Bandit",
        "properties": {"evaluation_interval": 2, "delay_evaluation": 5, "slack_amount": 0.2},
    },
    "MedianStoppingPolicy(2, 5)": {
        "name": "MedianStopping",
        "properties": {"evaluation_interval": 2, "delay_evaluation": 5},
    },
    "TruncationSelectionPolicy(20, 1, 5)": {
        "name": "TruncationSelection",
        "properties": {
            "evaluation_interval": 1,
            "delay_evaluation": 5,
            "truncation_percentage": 20,
            "exclude_finished_jobs": False,
        },
    },
    f"RandomParameterSampling({SPACE})": {
        "name": "RANDOM",
        "parameter_space": {"lr": ["loguniform", [-6, -1]], "batch": ["choice", [[16, 32]]]},
    },
    "RandomParameterSampling({'--C': uniform(0, 1)}, properties={'seed': 3})": {
        "name": "RANDOM",
        "parameter_space": {"--C": ["uniform", [0, 1]]},
        "properties": {"seed": 3},
    },
    f"GridParameterSampling({NESTED})": {
        "name": "GRID",
        "parameter_space": {
            "model": [
                "choice",
                [
                    [
                        {"depth": ["choice", [[2, 4]]]},
                        {"kernel": ["choice", [["rbf", "poly"]]]},
                    ]
                ],
            ]
        },
    },
    "BayesianParameterSampling({'a': choice(1, 2.5), 'q': quniform(0, 100000, 1)})": {
        "name": "BayesianOptimization",
        "parameter_space": {"a": ["choice", [[1, 2.5]]], "q": ["quniform", [0, 100000, 1]]},
    },
}
"""Calls and what they send to the service."""

REFUSED = [
    ("choice()", "SDK", r"choice of \(\): give at least one option"),
    ("choice([])", "SDK", r"choice of \[\]: give at least one option"),
    ("choice([1], 2)", "SDK", "give one list alone"),
    ("choice(object())", None, "cannot be written as JSON"),
    ("choice(float('nan'))", None, "the option nan cannot be written as JSON"),
    ("randint(0)", "SDK", r"randint\(0\): upper must be a positive whole number"),
    ("randint(1.5)", "SDK", r"randint\(1.5\): upper"),
    ("randint('a')", "SDK", "upper must be"),
    ("uniform(1, 1)", "SDK", r"min_value must be below max_value; for one value write choice\(1\)"),
    ("uniform('a', 1)", "SDK", r"uniform\('a', 1\): min_value must be a number"),
    ("uniform(0, None)", "SDK", "max_value must be a number"),
    ("uniform(0, float('inf'))", None, "max_value must be finite"),
    ("uniform(float('nan'), 1)", None, "min_value must be finite"),
    ("quniform(2, 1, 1)", "SDK", "min_value must be below max_value"),
    ("quniform(1, 5, 0.5)", "SDK", "q = 0.5 must be a whole number"),
    ("quniform(1, 5, 'a')", "SDK", "q must be a number"),
    ("quniform(1, 5, 0)", None, "q, the step of the values, must be above 0"),
    ("quniform(1, 5, -1)", None, "must be above 0"),
    ("loguniform(2, 1)", "SDK", "min_value must be at most max_value"),
    ("qloguniform(2, 1, 1)", "SDK", "min_value must be at most max_value"),
    ("qloguniform(1, 2, 0.5)", "SDK", "q = 0.5 must be a whole number"),
    ("normal(0, -1)", "SDK", "sigma must be at least 0"),
    ("normal('a', 1)", "SDK", "mu must be a number"),
    ("qnormal(0, 1, 0.5)", "SDK", "must be a whole number"),
    ("lognormal(0, 'a')", "SDK", "sigma must be a number"),
    ("qlognormal(0, -1, 1)", "SDK", "sigma must be at least 0"),
    ("BanditPolicy()", "SDK", "slack_factor = None and slack_amount = None: give exactly one"),
    ("BanditPolicy(slack_factor=1, slack_amount=1)", "SDK", "give exactly one"),
    ("BanditPolicy(1.5, 0.1)", "SDK", "evaluation_interval = 1.5 must be a whole number"),
    ("BanditPolicy(0, 0.1)", "service", "evaluation_interval = 0 must be at least 1"),
    ("BanditPolicy(-1, 0.1)", "service", "evaluation_interval = -1 must be at least 1"),
    ("BanditPolicy(1, -0.1)", "service", "slack_factor = -0.1 must be a number of at least 0"),
    ("BanditPolicy(1, 'a')", "service", "slack_factor = 'a' must be a number"),
    ("BanditPolicy(1, None, -1)", "service", "slack_amount = -1 must be"),
    ("MedianStoppingPolicy(1, -5)", "service", "delay_evaluation = -5 must be at least 0"),
    ("MedianStoppingPolicy(1, 0.5)", "SDK", "delay_evaluation = 0.5 must be a whole number"),
    ("TruncationSelectionPolicy(0)", "SDK", r"truncation_percentage = 0 must lie in \[1, 99\]"),
    ("TruncationSelectionPolicy(100)", "SDK", "truncation_percentage = 100 must lie in"),
    ("TruncationSelectionPolicy(20.0)", "SDK", "truncation_percentage = 20.0 must be a whole"),
    ("RandomParameterSampling({})", "service", r"parameter_space = \{\} must be a dict"),
    ("RandomParameterSampling([1])", "service", "must be a dict of expressions by name"),
    ("RandomParameterSampling({'a': 3})", "service", r"a = 3 .* write choice\(3\)"),
    ("RandomParameterSampling({'a': ['foo', [1]]})", "service", "is no sampling expression"),
    ("RandomParameterSampling({1: uniform(0, 1)})", None, "1: a hyperparameter's name must be"),
    ("RandomParameterSampling({'a': loguniform(0, 1000)})", None, "exceeds the largest float"),
    ("GridParameterSampling({'a': 3})", "service", r"write choice\(3\)"),
    ("GridParameterSampling({'a': uniform(0, 1)})", "SDK", "takes choice only"),
    (
        "GridParameterSampling({'a': choice({'b': uniform(0, 1)})})",
        "service",
        "a.b = .*choice only",
    ),
    ("BayesianParameterSampling({'a': loguniform(0, 1)})", "SDK", "choice, uniform, quniform only"),
    ("BayesianParameterSampling({'a': quniform(0.0, 5, 1)})", "SDK", "wants whole numbers"),
    ("BayesianParameterSampling({'a': quniform(0, 100001, 1)})", "SDK", "more than 100000 steps"),
    ("BayesianParameterSampling({'a': choice(1, 'a')})", "SDK", "strings or among numbers, not"),
    ("BayesianParameterSampling({'a': choice((1, 2), (3, 4))})", "SDK", "strings or numbers"),
    ("BayesianParameterSampling({'a': choice(True, False)})", "SDK", "strings or numbers"),
    ("BayesianParameterSampling({'a': choice({'b': choice(1, 2)})})", "SDK", "strings or numbers"),
]
"""Calls, who refuses them in Azure ("service" and None: its SDK lets them pass), our words."""

CONFIGS_REFUSED = [
    ({"hyperparameter_sampling": "None"}, "SDK", "hyperparameter_sampling = None must be"),
    ({"hyperparameter_sampling": SPACE}, "SDK", "must be a sampling"),
    ({"primary_metric_name": "''"}, "service", "primary_metric_name = '' must be the name"),
    ({"primary_metric_name": "None"}, "service", "primary_metric_name = None"),
    ({"primary_metric_goal": "'MAXIMIZE'"}, "SDK", "goal = 'MAXIMIZE' must be PrimaryMetricGoal"),
    ({"max_total_runs": "0"}, "service", r"max_total_runs = 0 must be a whole number in \[1, 1000"),
    ({"max_total_runs": "2000"}, "service", "max_total_runs = 2000"),
    ({"max_total_runs": "1.5"}, "service", "max_total_runs = 1.5"),
    ({"max_concurrent_runs": "-1"}, "service", r"max_concurrent_runs = -1 must .* \[1, 100\]"),
    ({"max_concurrent_runs": "5"}, "service", "5 must be at most max_total_runs = 4"),
    (
        {"max_total_runs": "500", "max_concurrent_runs": "101"},
        "service",
        r"max_concurrent_runs = 101 must be a whole number in \[1, 100\]",
    ),
    ({"max_duration_minutes": "0"}, "service", "max_duration_minutes = 0 must be above 0"),
    ({"policy": "'median'"}, "SDK", "policy = 'median' must be a policy"),
    ({"run_config": "None"}, "SDK", r"targets = \[\]: give exactly one"),
    ({"estimator": "SCRIPT"}, "SDK", r"targets = \['run_config', 'estimator'\]: give exactly"),
    ({"run_config": "None", "estimator": "SCRIPT"}, None, "estimator: not executed offline"),
    ({"run_config": "'train.py'"}, "SDK", "run_config = 'train.py' must be a ScriptRunConfig"),
    (
        {
            "hyperparameter_sampling": "BayesianParameterSampling({'a': uniform(0, 1)})",
            "max_total_runs": "20",
            "policy": "MedianStoppingPolicy()",
        },
        "service",
        "policy = MedianStoppingPolicy: Bayesian sampling",
    ),
]
"""Arguments of HyperDriveConfig as source, SCRIPT for a ScriptRunConfig, in place of CONFIG's."""

CONFIG = {
    "hyperparameter_sampling": f"RandomParameterSampling({SPACE})",
    "primary_metric_name": "'accuracy'",
    "primary_metric_goal": "PrimaryMetricGoal.MAXIMIZE",
    "max_total_runs": "4",
    "run_config": "SCRIPT",
}


def declare(names, source, **more):
    """Evaluate a declaration with the names of a module."""
    return eval(source, vars(names) | more)


def configure(names, script, **changes):
    """A HyperDriveConfig of CONFIG's arguments, some changed."""
    arguments = CONFIG | changes
    return names.HyperDriveConfig(
        **{name: declare(names, text, SCRIPT=script) for name, text in arguments.items()}
    )
