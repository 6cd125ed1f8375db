"""The tuner for classifiers, in NumPy."""
