"""The oracle, which knows the model, and its planners."""
