"""Tuners: the base class, ask and tell, the one loop that plays."""
