"""A program that submits a run of HyperDrive, or goes on with it: it is killed in the midst.

python hyperdrive_submission.py FOLDER CHILDREN [resume]
"""

import sys
from pathlib import Path

from hyperdrive_runs import config, experiment, script

from hpo_gym.hyperdrive import HyperDriveRun, MedianStoppingPolicy

SCRIPT = """
    import argparse, os, subprocess, sys, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=float)
    parser.add_argument("--notes")
    arguments = parser.parse_args()
    run = Run.get_context()
    with open(arguments.notes, "a") as notes:
        notes.write(f"begun {run.id}\\n")
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    for epoch in range(4):
        run.log("f1", arguments.x * (epoch + 1))
        time.sleep(0.15)
    os.makedirs("outputs", exist_ok=True)
    with open("outputs/model.txt", "w") as file:
        file.write(str(arguments.x))
    with open(arguments.notes, "a") as notes:
        notes.write(f"ended {run.id}\\n")
"""

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    tests = experiment(folder)
    if sys.argv[3:] == ["resume"]:
        run = HyperDriveRun(tests, "mine").resume()
    else:
        target = script(folder, SCRIPT, arguments=["--notes", folder / "notes.txt"])
        run = tests.submit(
            config(
                target,
                max_total_runs=int(sys.argv[2]),
                max_concurrent_runs=4,
                policy=MedianStoppingPolicy(delay_evaluation=5),
                custom_run_id="mine",
            ),
            seed=5,
        )
    run.wait_for_completion()
