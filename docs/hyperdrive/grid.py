"""A grid of learning rates and thresholds on a recorded task, on the virtual clock."""

from hpo_gym.hyperdrive import (
    Experiment,
    FamilyRunConfig,
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    Workspace,
    choice,
)

if __name__ == "__main__":
    config = HyperDriveConfig(
        hyperparameter_sampling=GridParameterSampling(
            {"lr": choice(0.01, 0.1, 1.0), "thr": choice(0.3, 0.5), "epochs": choice(20)}
        ),
        primary_metric_name="f1",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=100,
        max_concurrent_runs=2,
        run_config=FamilyRunConfig("recorded", split="validation", task=0),
    )
    run = Experiment(Workspace.from_config(), "grid").submit(config)
    run.wait_for_completion()
    for child in run.get_children_sorted_by_primary_metric():
        print(child["hyperparameters"], round(child["best_primary_metric"], 4), child["status"])
