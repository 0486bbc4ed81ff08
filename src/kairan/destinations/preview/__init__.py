"""Preview: messages stay in Kairan, whose page draws them as Slack would. Needs no network and no set-up."""

from kairan.destinations.preview.destination import Preview

DESTINATION = Preview()
