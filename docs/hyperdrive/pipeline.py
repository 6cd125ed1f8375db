"""The fictitious model's pipeline in three steps: tune, evaluate the best, register it."""

import json
from pathlib import Path

from hpo_gym import FictitiousModel
from hpo_gym.hyperdrive import (
    Experiment,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    Workspace,
    choice,
    loguniform,
    uniform,
)

if __name__ == "__main__":
    experiment = Experiment(Workspace.from_config(), "pipeline")

    # Tune. The script reports once: there is nothing that a policy could end early.
    sampling = RandomParameterSampling(
        {"thr": uniform(0, 1), "epoch": choice(range(10, 101, 10)), "lr": loguniform(-9, 1.8)}
    )
    config = HyperDriveConfig(
        hyperparameter_sampling=sampling,
        primary_metric_name="F_1",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=8,
        max_concurrent_runs=4,
        run_config=ScriptRunConfig(Path(__file__).parent / "src", "train_fictitious.py"),
    )
    run = experiment.submit(config, seed=2)
    run.wait_for_completion()
    best = run.get_best_run_by_primary_metric()

    # Evaluate the best, from what it left.
    best.download_file("outputs/model/model.json", "model.json")
    model = json.loads(Path("model.json").read_text())
    metrics = FictitiousModel().evaluate(model["thr"], model["epoch"], model["lr"])
    assert metrics.f1 == best.get_metrics()["F_1"]
    run.log("best_threshold", model["thr"])
    run.log("best_epoch", model["epoch"])
    run.log("best_learning_rate", model["lr"])

    # Register it.
    registered = best.register_model("fictitious", "outputs/model", tags={"F_1": str(metrics.f1)})
    print(f"child {best.number}: thr {model['thr']:.3f}, epoch {model['epoch']}, ", end="")
    print(f"lr {model['lr']:.4f}, F_1 {metrics.f1:.4f}, registered as {registered.id}")
