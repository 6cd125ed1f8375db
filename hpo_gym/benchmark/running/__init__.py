"""Running tuners on suites, and replaying what is stored."""
