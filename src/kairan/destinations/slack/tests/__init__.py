"""Tests of the slack folder, and what they share."""
