"""Tuners that need nothing but the budget."""
