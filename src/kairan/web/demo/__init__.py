"""What a demo shows on every page."""
