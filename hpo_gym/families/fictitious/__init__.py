"""The fictitious model, and the family drawn around it."""
