"""What Slack says to Kairan: one Bolt app, called over Socket Mode (entrypoints.slack) or HTTP (views)."""
