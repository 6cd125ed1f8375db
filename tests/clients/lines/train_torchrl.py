import gymnasium as gym
import torch
from tensordict.nn import NormalParamExtractor
from tensordict.nn import TensorDictModule as Module
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import GymWrapper
from torchrl.modules import ProbabilisticActor, TanhNormal, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 8, autoreset_mode="Disabled")
env = GymWrapper(envs)
head = nn.Sequential(nn.Linear(14, 64), nn.Tanh(), nn.Linear(64, 6), NormalParamExtractor())
actor = ProbabilisticActor(
    Module(head, in_keys=["observation"], out_keys=["loc", "scale"]),
    in_keys=["loc", "scale"],
    distribution_class=TanhNormal,
    return_log_prob=True,
)
critic = ValueOperator(nn.Sequential(nn.Linear(14, 64), nn.Tanh(), nn.Linear(64, 1)))
collector = Collector(env, actor, frames_per_batch=8 * 40, total_frames=8 * 200)
advantage = GAE(gamma=0.99, lmbda=0.95, value_network=critic)
loss = ClipPPOLoss(actor, critic)
optimizer = torch.optim.Adam(loss.parameters(), 1e-3)
for batch in collector:
    for _ in range(4):
        advantage(batch)
        losses = loss(batch)
        optimizer.zero_grad()
        sum(losses[key] for key in losses.keys() if key.startswith("loss_")).backward()
        optimizer.step()
    print(batch["next", "reward"].sum().item() / batch["next", "done"].sum().item())
