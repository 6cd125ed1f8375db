"""Results: records, their store, and files of them."""
