"""The rules: what opens cases and whom it tells, and trying one on what happened."""
