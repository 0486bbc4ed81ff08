"""Slack: messages in Block Kit, and what people do with their buttons and forms."""

from kairan.destinations.slack.destination import Slack

DESTINATION = Slack()
