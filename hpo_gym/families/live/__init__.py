"""Real classifiers, trained while one waits."""
