"""Handing in reports by the browser."""
