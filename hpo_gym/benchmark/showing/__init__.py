"""Tables, CSV, plots and the report."""
