"""Pages: they read through store.queries and command through services."""
