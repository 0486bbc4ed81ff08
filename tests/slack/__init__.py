"""A Slack of our own, on loopback: for tests, and as a process of its own (`python -m tests.slack`)."""
