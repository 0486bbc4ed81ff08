"""The page of messages: every one as Slack would draw it, working against the handlers that Slack's payloads meet."""
