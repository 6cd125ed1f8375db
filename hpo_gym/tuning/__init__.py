"""The tuning process: propose, adjust or nudge a configuration, and evaluate it."""
