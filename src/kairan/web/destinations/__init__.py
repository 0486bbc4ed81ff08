"""Where people are told: destinations, and what became of each delivery."""
