"""What processes share about the tasks that they pose: options, which task is next, columns."""
