"""The registered ids, by what happens in them."""

from __future__ import annotations

from hpo_gym import ENVIRONMENTS

SCHEDULING = [env_id for env_id in ENVIRONMENTS if "HPOSchedule" in env_id]
TUNING = [env_id for env_id in ENVIRONMENTS if "Schedule" not in env_id]
