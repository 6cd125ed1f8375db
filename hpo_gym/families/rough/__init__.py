"""The rough family: classifiers that no equations explain."""
