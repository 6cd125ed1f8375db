"""Train a linear classifier by SGD, and log its validation loss after every epoch."""

import argparse
import time

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from hpo_gym.hyperdrive import Run

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--pause", type=float, default=0.05, help="seconds; larger models take longer")
arguments = parser.parse_args()

cases, labels = load_breast_cancer(return_X_y=True)
rest, _, rest_labels, _ = train_test_split(cases, labels, test_size=0.3, random_state=0)
train, valid, train_labels, valid_labels = train_test_split(
    StandardScaler().fit_transform(rest), rest_labels, test_size=0.4, random_state=0
)
model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=arguments.lr, random_state=0)
run = Run.get_context()
for _ in range(arguments.epochs):
    model.partial_fit(train, train_labels, classes=np.unique(labels))
    run.log("loss", log_loss(valid_labels, model.predict_proba(valid)))
    time.sleep(arguments.pause)
