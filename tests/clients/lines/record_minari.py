import gymnasium as gym
import minari

env = minari.DataCollector(gym.make("hpo_gym:FictitiousHPO-v0"), record_infos=True)
for episode in range(5):
    env.reset(seed=episode)
    over = False
    while not over:
        action = env.action_space.sample()
        _, _, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
dataset = env.create_dataset("hpo/random-v0", algorithm_name="random", eval_env=env.spec)
print(dataset.total_steps, dataset.recover_environment())
