"""The benchmark's report: one HTML file with tables and interactive figures that works offline."""

from __future__ import annotations

from hpo_gym.benchmark.showing.report.page import write_report
from hpo_gym.benchmark.showing.report.results import SuiteResults

__all__ = ["SuiteResults", "write_report"]
