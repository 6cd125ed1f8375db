import gymnasium as gym
from tianshou.algorithm import SAC
from tianshou.algorithm.modelfree.sac import SACPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic

envs = DummyVectorEnv([lambda: gym.make("hpo_gym:FictitiousHPO-v0") for _ in range(8)])
space = envs.action_space[0]
features = Net(state_shape=14, hidden_sizes=[64, 64])
actor = ContinuousActorProbabilistic(
    preprocess_net=features, action_shape=space.shape, unbounded=True, conditioned_sigma=True
)
critic = ContinuousCritic(
    preprocess_net=Net(state_shape=14, action_shape=space.shape, hidden_sizes=[64], concat=True)
)
algorithm = SAC(
    policy=SACPolicy(actor=actor, action_space=space),
    policy_optim=AdamOptimizerFactory(lr=1e-3),
    critic=critic,
    critic_optim=AdamOptimizerFactory(lr=1e-3),
)
buffer = VectorReplayBuffer(20_000, len(envs))
collector = Collector(algorithm, envs, buffer)
collector.reset()
algorithm.run_training(
    OffPolicyTrainerParams(
        training_collector=collector,
        max_epochs=2,
        epoch_num_steps=400,
        collection_step_num_env_steps=80,
        update_step_num_gradient_steps_per_sample=0.1,
        show_progress=False,
    )
)
