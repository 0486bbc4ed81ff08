"""The real doors: database, files, object storage, clock, logging."""
