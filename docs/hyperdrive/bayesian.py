"""A Bayesian search on a fictitious task: Optuna's TPE learns from child to child."""

from hpo_gym.hyperdrive import (
    BayesianParameterSampling,
    Experiment,
    FamilyRunConfig,
    HyperDriveConfig,
    PrimaryMetricGoal,
    Workspace,
    uniform,
)

if __name__ == "__main__":
    config = HyperDriveConfig(
        hyperparameter_sampling=BayesianParameterSampling(
            {"thr": uniform(0, 1), "lr": uniform(0.001, 1)}
        ),
        primary_metric_name="f1",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=40,
        max_concurrent_runs=2,
        run_config=FamilyRunConfig("fictitious", split="validation", task=3, epochs=5),
    )
    run = Experiment(Workspace.from_config(), "bayesian").submit(config, seed=0)
    run.wait_for_completion()
    values = [row.best("maximize") for row in run.rows()]
    print(f"mean of the first 10 children: {sum(values[:10]) / 10:.3f}")
    print(f"mean of the last 10 children: {sum(values[-10:]) / 10:.3f}")
