"""Sources: one folder per integration, complete in itself."""
