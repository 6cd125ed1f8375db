from ray.rllib.algorithms.ppo import PPOConfig

config = (
    PPOConfig()
    .environment("hpo_gym:FictitiousHPO-v0")
    .env_runners(
        num_env_runners=0,
        num_envs_per_env_runner=8,
        gym_env_vectorize_mode="vector_entry_point",
    )
    .training(train_batch_size_per_learner=320, minibatch_size=80, num_epochs=2)
)
algorithm = config.build_algo()
for _ in range(2):
    print(algorithm.train()["env_runners"]["episode_return_mean"])
