"""A random search, as in the courses on Azure Machine Learning: only the imports differ."""

from pathlib import Path

from hpo_gym.hyperdrive import (
    BanditPolicy,
    Environment,
    Experiment,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    Workspace,
    choice,
    uniform,
)

if __name__ == "__main__":
    workspace = Workspace.from_config()
    experiment = Experiment(workspace=workspace, name="random-search")
    source = ScriptRunConfig(
        source_directory=Path(__file__).parent / "src",
        script="train.py",
        arguments=["--max_iter", 200],
        compute_target="cpu-cluster",
        environment=Environment.get(workspace, "sklearn"),
    )
    config = HyperDriveConfig(
        run_config=source,
        hyperparameter_sampling=RandomParameterSampling(
            {"--C": uniform(0.001, 1.0), "--max_iter": choice(50, 100, 200)}
        ),
        policy=BanditPolicy(evaluation_interval=2, slack_factor=0.1),
        primary_metric_name="Accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=6,
        max_concurrent_runs=2,
    )
    run = experiment.submit(config, seed=0)
    run.wait_for_completion(show_output=True)

    best = run.get_best_run_by_primary_metric()
    arguments = best.get_details()["runDefinition"]["arguments"]
    print("C:", arguments[3], "max_iter:", arguments[5])
    print("Accuracy:", round(best.get_metrics()["Accuracy"], 4))
    print(best.register_model(model_name="best", model_path="outputs/model.joblib").id)
