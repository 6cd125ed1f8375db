"""Schedules of the learning rate: by formula, and learned."""
