"""Parameters of tasks as tensors."""

import torch

from hpo_gym.arrays import Struct


def tensors(c, dtype):
    columns = {name: torch.tensor(value, dtype=dtype) for name, value in vars(c).items()}
    return Struct(**columns)
