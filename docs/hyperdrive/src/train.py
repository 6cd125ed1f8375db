"""Train a logistic regression, as HyperDrive's courses do, and log its accuracy.

The data ship with scikit-learn. What tunes sees the validation part; the test part stays closed.
"""

import argparse
from pathlib import Path

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hpo_gym.hyperdrive import Run

parser = argparse.ArgumentParser()
parser.add_argument("--C", type=float, default=1.0, help="inverse of the regularization strength")
parser.add_argument("--max_iter", type=int, default=100)
arguments = parser.parse_args()

run = Run.get_context()
run.log("Regularization Strength", arguments.C)
run.log("Max iterations", arguments.max_iter)

cases, labels = load_breast_cancer(return_X_y=True)
rest, _, rest_labels, _ = train_test_split(cases, labels, test_size=0.3, random_state=0)
train, valid, train_labels, valid_labels = train_test_split(
    rest, rest_labels, test_size=0.4, random_state=0
)
model = make_pipeline(
    StandardScaler(), LogisticRegression(C=arguments.C, max_iter=arguments.max_iter)
)
model.fit(train, train_labels)
run.log("Accuracy", model.score(valid, valid_labels))

Path("outputs").mkdir(exist_ok=True)
joblib.dump(model, "outputs/model.joblib")
