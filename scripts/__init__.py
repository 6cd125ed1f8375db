"""Command lines of the checkout, run as `python -m scripts.NAME`."""
