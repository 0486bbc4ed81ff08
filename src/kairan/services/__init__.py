"""Use cases, one module each: they own their transaction and take values, and `now`, not requests."""
