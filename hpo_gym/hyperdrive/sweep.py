"""Sweeps of version 2 of Azure's SDK, read from YAML.

The keys are those of Azure's page "CLI (v2) sweep job YAML schema". What only places a job in the
cloud (compute, resources, tags ...) is read over.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.parameter_expressions import ARGUMENTS, Expression, expression
from hpo_gym.hyperdrive.policy import (
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from hpo_gym.hyperdrive.runconfig import MOST_CONCURRENT, HyperDriveConfig
from hpo_gym.hyperdrive.sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Sampling,
)
from hpo_gym.hyperdrive.script_config import Environment, ScriptRunConfig, text_of
from hpo_gym.hyperdrive.sections import at, count, number, seconds, section, whole, word
from hpo_gym.hyperdrive.warm_start import MOST_RUNS
from hpo_gym.optional import optional

SAMPLINGS: dict[str, type[Sampling]] = {
    "random": RandomParameterSampling,
    "grid": GridParameterSampling,
    "bayesian": BayesianParameterSampling,
}
POLICIES: dict[str, Callable[..., EarlyTerminationPolicy]] = {
    "bandit": BanditPolicy,
    "median_stopping": MedianStoppingPolicy,
    "truncation_selection": TruncationSelectionPolicy,
}
SLACKS = ("slack_factor", "slack_amount")
IN_THE_CLOUD = (
    *("$schema", "name", "display_name", "experiment_name", "description", "tags", "properties"),
    *("compute", "identity", "resources", "queue_settings", "services", "outputs"),
)
_PLACE = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")


def load_sweep(file: str | Path) -> HyperDriveConfig:
    """A sweep as the configuration of a HyperDrive run.

    The trial's command runs in its `code` folder, that of the file if there is none; inputs are
    values or local paths.

    Args:
        file: A YAML file; paths in it are relative to its folder.

    Raises:
        FileNotFoundError: There is no such file.
        HyperDriveConfigException: A key is missing or unknown, or a value out of its bounds.
        ImportError: PyYAML is not installed.
    """
    yaml = optional("yaml", extra="hyperdrive", user="load_sweep")
    path = Path(file)
    try:
        return _config(yaml.safe_load(text_of("file", path)), path.resolve().parent)
    except yaml.YAMLError as error:
        raise HyperDriveConfigException(f"{path} is no YAML: {error}", "SDK") from None
    except HyperDriveConfigException as error:
        message, by = error.args
        raise HyperDriveConfigException(f"{path}: {message}", by) from None


def _config(content: Any, folder: Path) -> HyperDriveConfig:
    sweep = section(
        content,
        "the sweep",
        required=("type", "trial", "objective", "limits"),
        known=("search_space", "sampling_algorithm", "early_termination", "inputs", *IN_THE_CLOUD),
    )
    word(sweep["type"], "type", ["sweep"])
    sampling = _sampling(sweep)
    settings = _objective(sweep["objective"]) | _limits(sweep["limits"])
    policy = _policy(sweep.get("early_termination"))
    target = _target(sweep, sampling.parameter_space, folder)
    with at("the sweep"):
        return HyperDriveConfig(sampling, policy=policy, run_config=target, **settings)


def _objective(given: Any) -> dict[str, Any]:
    section(given, "objective", required=("goal", "primary_metric"))
    goal = word(given["goal"], "objective.goal", ["maximize", "minimize"])
    return {
        "primary_metric_name": given["primary_metric"],
        "primary_metric_goal": PrimaryMetricGoal[goal.upper()],
    }


def _limits(given: Any) -> dict[str, Any]:
    section(
        given,
        "limits",
        required=("max_total_trials",),
        known=("max_concurrent_trials", "timeout", "trial_timeout"),
    )
    total = count(given["max_total_trials"], "limits.max_total_trials", MOST_RUNS)
    most = min(total, MOST_CONCURRENT)
    trials = given.get("max_concurrent_trials", most)
    settings: dict[str, Any] = {
        "max_total_runs": total,
        "max_concurrent_runs": count(trials, "limits.max_concurrent_trials", most),
    }
    if "timeout" in given:
        settings["max_duration_minutes"] = seconds(given["timeout"], "limits.timeout") / 60.0
    return settings


def _sampling(sweep: dict[str, Any]) -> Sampling:
    given = sweep.get("sampling_algorithm", "random")
    given = given if isinstance(given, dict) else {"type": given}
    where = "sampling_algorithm"
    kind = SAMPLINGS[word(given.get("type"), f"{where}.type", list(SAMPLINGS))]
    section(given, where, required=("type",), known=kind.PROPERTIES)
    settings = {name: value for name, value in given.items() if name != "type"}
    if "rule" in settings:
        settings["rule"] = word(settings["rule"], f"{where}.rule", ["random", "sobol"])
    if "seed" in settings:
        settings["seed"] = whole(settings["seed"], f"{where}.seed")
    if settings.get("logbase", "e") != "e":
        settings["logbase"] = number(settings["logbase"], f"{where}.logbase")
    space = sweep.get("search_space", {})
    if not isinstance(space, dict):
        raise HyperDriveConfigException(
            f"search_space = {space!r} must have hyperparameters as keys", "SDK"
        )
    found = {name: _expression(value, f"search_space.{name}") for name, value in space.items()}
    with at("sampling_algorithm, search_space"):
        return kind(found, settings)


def _expression(value: Any, where: str) -> Expression:
    if not isinstance(value, dict):
        raise HyperDriveConfigException(
            f"{where} = {value!r} must have a type and its arguments; for a fixed value write "
            f"{{type: choice, values: [{value}]}}",
            "SDK",
        )
    kind = word(value.get("type"), f"{where}.type", list(ARGUMENTS))
    names = ARGUMENTS[kind]
    section(value, where, required=("type", *names))
    if kind == "choice":
        arguments: list[Any] = [_options(value["values"], f"{where}.values")]
    else:
        arguments = [number(value[name], f"{where}.{name}") for name in names]
    with at(where):
        return expression(kind, *arguments)


def _options(values: Any, where: str) -> list[Any]:
    if not isinstance(values, list):
        raise HyperDriveConfigException(f"{where} = {values!r} must be a list", "SDK")
    options = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float, dict)):
            raise HyperDriveConfigException(
                f"{where}: the option {value!r} must be a string, a number or a space of its own; "
                f"write it in quotes, '{value}'",
                "SDK",
            )
        if isinstance(value, dict):
            value = {
                name: _expression(inner, f"{where}.{name}") if isinstance(inner, dict) else inner
                for name, inner in value.items()
            }
        options.append(value)
    return options


def _policy(given: Any) -> EarlyTerminationPolicy | None:
    if given is None:
        return None
    where = "early_termination"
    if not isinstance(given, dict):
        section(given, where, required=("type",))
    kind = word(given.get("type"), f"{where}.type", list(POLICIES))
    own = {"bandit": SLACKS, "truncation_selection": ("truncation_percentage",)}.get(kind, ())
    section(given, where, known=("type", "evaluation_interval", "delay_evaluation", *own))
    settings: dict[str, Any] = {}
    for name, value in given.items():
        # The client writes 0 where nothing was chosen.
        if name != "type" and value:
            read = number if name in SLACKS else whole
            settings[name] = read(value, f"{where}.{name}")
    if kind == "truncation_selection":
        section(settings, where, required=own, known=list(settings))
    with at(where):
        return POLICIES[kind](**settings)


def _target(sweep: dict[str, Any], space: dict[str, Any], folder: Path) -> ScriptRunConfig:
    trial = section(
        sweep["trial"],
        "trial",
        required=("command", "environment"),
        known=("code", "environment_variables", "distribution", "resources"),
    )
    named = trial["environment"]
    environment = Environment(named if isinstance(named, str) else "sweep")
    environment.environment_variables.update(trial.get("environment_variables") or {})
    command = _command(trial["command"], space, sweep.get("inputs") or {}, folder)
    most = sweep["limits"].get("trial_timeout")
    if most is not None:
        most = seconds(most, "limits.trial_timeout")
    with at("trial"):
        return ScriptRunConfig(
            folder / trial.get("code", "."),
            environment=environment,
            command=command,
            max_run_duration_seconds=most,
        )


def _command(command: Any, space: dict[str, Any], inputs: dict[str, Any], folder: Path) -> str:
    """The command with its inputs put in; hyperparameters stay ``${{search_space.NAME}}``."""
    if not isinstance(command, str):
        raise HyperDriveConfigException(
            f"trial.command = {command!r} must be one line of text", "SDK"
        )

    def put_in(place: re.Match[str]) -> str:
        room, _, name = place[1].partition(".")
        if room == "search_space" and name in space:
            return f"${{{{search_space.{name}}}}}"
        if room == "inputs" and name in inputs:
            return shlex.quote(_input(inputs[name], name, folder))
        known = [f"search_space.{each}" for each in space] + [f"inputs.{each}" for each in inputs]
        raise HyperDriveConfigException(
            f"trial.command: {place[0]} is unknown; offline there are {', '.join(known)}"
        )

    return _PLACE.sub(put_in, command)


def _input(value: Any, name: str, folder: Path) -> str:
    if not isinstance(value, dict):
        return str(value)
    path = str(value.get("path", ""))
    if not path or path.startswith("azureml:") or "://" in path:
        raise HyperDriveConfigException(
            f"inputs.{name}.path = {path!r} must be a local file or folder: nothing is downloaded"
        )
    return str(folder / path)
