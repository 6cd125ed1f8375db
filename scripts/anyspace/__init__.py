"""Evidence for the tuner of any search space: it and its rivals on functions that it never saw."""
