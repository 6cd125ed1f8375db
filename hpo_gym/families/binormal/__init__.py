"""The binormal model and its family."""
