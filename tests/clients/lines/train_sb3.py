import gymnasium as gym
from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import VecMonitor

from hpo_gym.integrations.sb3 import NativeVecEnv

envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 8, autoreset_mode="SameStep")
model = SAC("MlpPolicy", VecMonitor(NativeVecEnv(envs)), seed=0, device="cpu")
model.learn(800)
