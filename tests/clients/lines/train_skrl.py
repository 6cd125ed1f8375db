import gymnasium as gym
from skrl.envs.wrappers.torch import wrap_env
from skrl.utils.runner.torch import Runner

envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 8)
network = [{"name": "net", "input": "OBSERVATIONS", "layers": [64, 64], "activations": "tanh"}]
quiet = {"write_interval": 0, "checkpoint_interval": 0}
settings = {
    "seed": 0,
    "models": {
        "separate": True,
        "policy": {"class": "GaussianMixin", "network": network, "output": "ACTIONS"},
        "value": {"class": "DeterministicMixin", "network": network, "output": "ONE"},
    },
    "memory": {"class": "RandomMemory", "memory_size": -1},
    "agent": {"class": "PPO", "rollouts": 64, "learning_epochs": 4, "experiment": quiet},
    "trainer": {
        "class": "SequentialTrainer",
        "timesteps": 3 * 64,
        "headless": True,
        "close_environment_at_exit": False,
    },
}
runner = Runner(wrap_env(envs, wrapper="gymnasium"), settings)
runner.run()
