"""Teams, as far as they are known."""
