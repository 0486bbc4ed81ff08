"""What an integration offers and is given, and the registry that finds them."""
