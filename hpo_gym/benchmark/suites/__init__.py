"""Suites: which tasks a tuner is measured on, and how."""
