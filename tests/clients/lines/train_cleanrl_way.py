import copy

import gymnasium as gym
import numpy as np
import torch
from torch import nn

envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 8, autoreset_mode="SameStep")
actor = nn.Sequential(nn.Linear(14, 64), nn.ReLU(), nn.Linear(64, 3), nn.Tanh())
critic = nn.Sequential(nn.Linear(14 + 3, 64), nn.ReLU(), nn.Linear(64, 1))
slow_actor, slow_critic = copy.deepcopy(actor), copy.deepcopy(critic)
actor_optimizer = torch.optim.Adam(actor.parameters(), 1e-3)
critic_optimizer = torch.optim.Adam(critic.parameters(), 1e-3)
random = np.random.default_rng(0)
steps = []
observations, _ = envs.reset(seed=0)
for _ in range(200):
    with torch.no_grad():
        means = actor(torch.from_numpy(observations)).numpy()
    actions = np.clip(means + 0.3 * random.standard_normal(means.shape), -1, 1).astype(np.float32)
    following, rewards, terminated, truncated, infos = envs.step(actions)
    last = following.copy()
    for row in np.flatnonzero(terminated | truncated):
        last[row] = infos["final_obs"][row]  # `following` has the next episode's first
    steps.append((observations, actions, rewards.astype(np.float32), last, terminated))
    observations = following

    drawn = [steps[index] for index in random.integers(len(steps), size=16)]
    columns = [np.concatenate(column) for column in zip(*drawn, strict=True)]
    seen, taken, reward, after, over = map(torch.from_numpy, columns)
    with torch.no_grad():
        future = slow_critic(torch.cat([after, slow_actor(after)], 1))[:, 0]
        target = reward + 0.99 * ~over * future
    critic_loss = (critic(torch.cat([seen, taken], 1))[:, 0] - target).square().mean()
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    actor_loss = -critic(torch.cat([seen, actor(seen)], 1)).mean()
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    with torch.no_grad():
        for slow, fast in ((slow_actor, actor), (slow_critic, critic)):
            for old, new in zip(slow.parameters(), fast.parameters(), strict=True):
                old.lerp_(new, 0.005)
