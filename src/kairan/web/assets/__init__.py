"""The list of assets, and one of them."""
