"""Shells: any process as a Gymnasium environment, for one row and for N rows."""
