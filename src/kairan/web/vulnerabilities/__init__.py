"""One vulnerability: its ids, its texts, and all that it touches."""
