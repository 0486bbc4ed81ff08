"""Torture: kill whatever runs, at any moment, and look whether the store is still sound and can be completed."""
