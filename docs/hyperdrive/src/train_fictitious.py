"""The first step of the pipeline: "train" the fictitious model, and log its metrics once."""

import argparse
import json
from pathlib import Path

from hpo_gym import FictitiousModel
from hpo_gym.hyperdrive import Run

parser = argparse.ArgumentParser()
parser.add_argument("--thr", type=float, default=0.5)
parser.add_argument("--epoch", type=int, default=50)
parser.add_argument("--lr", type=float, default=0.1)
arguments = parser.parse_args()

metrics = FictitiousModel().evaluate(arguments.thr, arguments.epoch, arguments.lr)
run = Run.get_context()
run.log("precision", metrics.precision)
run.log("recall", metrics.recall)
run.log("accuracy", metrics.accuracy)
run.log("loss", metrics.loss)
run.log("F_1", metrics.f1)

model = Path("outputs/model/model.json")
model.parent.mkdir(parents=True, exist_ok=True)
model.write_text(json.dumps(vars(arguments)))
