"""GitHub: Dependabot alerts and GitHub's advisories, from answers of its APIs and from webhooks."""

from kairan.sources.github_dependabot.parse import GithubDependabot

SOURCE = GithubDependabot()
