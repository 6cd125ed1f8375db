"""Families of tuning tasks, by name."""

from hpo_gym.families.anyspace.family import AnySpaceFamily
from hpo_gym.families.bank import HashedBank, TaskBank
from hpo_gym.families.base import SPLITS, Family, KnownOptimum, require_optimum
from hpo_gym.families.beale import BealeFamily
from hpo_gym.families.binormal.family import BinormalFamily
from hpo_gym.families.classical import ClassicalFamily
from hpo_gym.families.fictitious.family import FictitiousFamily
from hpo_gym.families.fictitious.model import FictitiousModel
from hpo_gym.families.fictitious.notebook import NotebookFamily
from hpo_gym.families.live.family import LiveFamily
from hpo_gym.families.objective import ObjectiveFamily
from hpo_gym.families.recorded.family import RecordedFamily
from hpo_gym.families.registry import make_family, register_family
from hpo_gym.families.rough.family import RoughFamily

for _family in (
    NotebookFamily,
    FictitiousFamily,
    BinormalFamily,
    RecordedFamily,
    RoughFamily,
    LiveFamily,
    BealeFamily,
    AnySpaceFamily,
    ClassicalFamily,
    ObjectiveFamily,
):
    register_family(_family)

__all__ = [
    "SPLITS",
    "AnySpaceFamily",
    "BealeFamily",
    "BinormalFamily",
    "ClassicalFamily",
    "Family",
    "FictitiousFamily",
    "FictitiousModel",
    "HashedBank",
    "KnownOptimum",
    "LiveFamily",
    "NotebookFamily",
    "ObjectiveFamily",
    "RecordedFamily",
    "RoughFamily",
    "TaskBank",
    "make_family",
    "register_family",
    "require_optimum",
]
