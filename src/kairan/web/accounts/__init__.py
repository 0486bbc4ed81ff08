"""Ways in: the one-time set-up page, login and logout."""
