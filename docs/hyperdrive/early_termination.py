"""Early termination on learning curves: of a real script, and what it saves on a virtual clock."""

from pathlib import Path

from hpo_gym.hyperdrive import (
    BanditPolicy,
    Experiment,
    FamilyRunConfig,
    GridParameterSampling,
    HyperDriveConfig,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    Workspace,
    choice,
    loguniform,
    uniform,
)

if __name__ == "__main__":
    experiment = Experiment(Workspace.from_config(), "early-termination")
    script = HyperDriveConfig(
        hyperparameter_sampling=GridParameterSampling({"lr": choice(1e-3, 1e-7, 1e-2, 1e-6)}),
        primary_metric_name="loss",
        primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=4,
        max_concurrent_runs=1,
        policy=BanditPolicy(slack_factor=0.1, delay_evaluation=5),
        run_config=ScriptRunConfig(Path(__file__).parent / "src", "train_curve.py"),
    )
    run = experiment.submit(script)
    run.wait_for_completion()
    for row in run.rows():
        ended = "early" if row.terminated else "at its end"
        print(f"lr {row.configuration['lr']:g}: loss {row.best('minimize'):.3f}, ended {ended}")

    for policy in (NoTerminationPolicy(), MedianStoppingPolicy(delay_evaluation=5)):
        family = HyperDriveConfig(
            hyperparameter_sampling=RandomParameterSampling(
                {"thr": uniform(0, 1), "lr": loguniform(-9, 1.8)}
            ),
            primary_metric_name="f1",
            primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
            max_total_runs=16,
            max_concurrent_runs=4,
            policy=policy,
            run_config=FamilyRunConfig("recorded", split="validation", task=4, epochs=40),
        )
        run = experiment.submit(family, seed=0)
        run.wait_for_completion()
        epochs = sum(len(row.curve) for row in run.rows())
        best = run.get_best_run_by_primary_metric().row.best("maximize")
        print(f"{type(policy).__name__}: {epochs} epochs, best F1 {best:.4f}")
