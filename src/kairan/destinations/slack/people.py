"""Who presses in Slack, and how they are answered."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from kairan.destinations.slack import failures
from kairan.destinations.slack.channels import KINDS
from kairan.destinations.slack.config import BASE_URL, Settings
from kairan.destinations.slack.views import remembering
from kairan.domain.errors import KairanError
from kairan.interfaces.conversation import Someone
from kairan.interfaces.destination import DeliveryError, Payload

_PAGE, _MOST_PAGES = 999, 50
_UNKNOWN = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_ANSWERS_HOST = "hooks.slack.com"


class Talk:
    """The half of the carrier that people see."""

    _client: WebClient
    _settings: Settings

    def someone(self, who: str) -> Someone:
        """https://docs.slack.dev/reference/methods/users.info"""
        try:
            user: Mapping[str, Any] = self._client.api_call("users.info", params={"user": who, "include_locale": True})[
                "user"
            ]
        except failures.FAILURES as error:
            if failures.code_of(error) in _UNKNOWN:
                return Someone(who, who, is_outsider=True)
            raise failures.failure(error) from error
        profile = user.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or user.get("name") or who
        language = str(user.get("locale") or "")[:2]
        email, is_guest = str(profile.get("email") or ""), _is_guest(user)
        return Someone(who, str(name), email, language, self._is_outsider(user), is_guest)

    def _is_outsider(self, user: Mapping[str, Any]) -> bool:
        """Of another workspace (Slack Connect), a bot, or switched off. https://docs.slack.dev/reference/objects/user-object"""
        if user.get("deleted") or user.get("is_bot") or user.get("is_stranger"):
            return True
        return user.get("team_id") not in self._teams(user)

    def _teams(self, user: Mapping[str, Any]) -> set[str]:
        """Our own workspace; in an organisation a person's own may be any of the organisation's."""
        ours = self._whoami()
        mine = {str(ours.get("team_id", ""))}
        enterprise = ours.get("enterprise_id")
        if enterprise and (user.get("enterprise_user") or {}).get("enterprise_id") == enterprise:
            mine.add(str(user.get("team_id", "")))
        return mine - {""}

    def _whoami(self) -> Mapping[str, Any]:
        if not hasattr(self, "_who"):
            try:
                self._who = dict(self._client.api_call("auth.test").data)  # type: ignore[arg-type]
            except failures.FAILURES as error:
                raise failures.failure(error) from error
        return self._who

    def is_member(self, who: str, channel: str) -> bool:
        """https://docs.slack.dev/reference/methods/conversations.members"""
        asked = {"channel": channel}
        return any(who in (page.get("members") or []) for page in self._pages_of("conversations.members", asked))

    def channels_of(self, who: str) -> frozenset[str]:
        """https://docs.slack.dev/reference/methods/users.conversations"""
        asked = {"user": who, "types": KINDS, "exclude_archived": True}
        pages = self._pages_of("users.conversations", asked)
        return frozenset(str(each.get("id", "")) for page in pages for each in page.get("channels") or [])

    def _pages_of(self, method: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        cursor = ""
        for _ in range(_MOST_PAGES):
            try:
                page = self._client.api_call(method, params={**asked, "limit": _PAGE, "cursor": cursor})
            except failures.FAILURES as error:
                raise failures.failure(error) from error
            yield page.data if isinstance(page.data, dict) else {}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def respond(self, reply: str, note: Payload) -> None:
        """Five times within half an hour. The address came from outside: only Slack's own host is posted to."""
        if not self._is_slack(reply):
            raise DeliveryError("the address to answer at is not Slack's", permanent=True)
        try:
            answer = WebhookClient(reply, timeout=int(self._settings.timeout), retry_handlers=[]).send_dict(dict(note))
        except failures.FAILURES as error:
            raise failures.failure(error) from error
        if answer.status_code != 200:
            is_over = answer.status_code in {404, 410}
            raise DeliveryError(
                f"Slack did not take the answer (HTTP {answer.status_code})", permanent=True, gone=is_over
            )

    def _is_slack(self, reply: str) -> bool:
        host, ours = urlsplit(reply), urlsplit(self._settings.base_url)
        if self._settings.base_url == BASE_URL:
            return host.scheme == "https" and host.hostname == _ANSWERS_HOST
        return (host.scheme, host.netloc) == (ours.scheme, ours.netloc)

    def whisper(self, channel: str, who: str, note: Payload) -> None:
        """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
        shown = {name: note[name] for name in ("text", "blocks") if name in note}
        self._call("chat.postEphemeral", {"channel": channel, "user": who, **shown})

    def open_form(self, trigger: str, view: Payload, channel: str, message: str, reply: str = "") -> None:
        """https://docs.slack.dev/reference/methods/views.open"""
        self._call("views.open", {"trigger_id": trigger, "view": remembering(view, channel, message, reply)})

    def change_form(self, form: str, seen: str, view: Payload, channel: str, message: str, reply: str = "") -> None:
        """https://docs.slack.dev/reference/methods/views.update"""
        said = {"view_id": form, "hash": seen, "view": remembering(view, channel, message, reply)}
        try:
            self._client.api_call("views.update", json=said)
        except failures.FAILURES as error:
            if failures.code_of(error) not in {"hash_conflict", "not_found"}:  # chosen anew meanwhile, or closed
                raise failures.failure(error) from error

    def where(self, channel: str, message: str) -> tuple[str, str]:
        """https://docs.slack.dev/reference/methods/chat.getPermalink"""
        said = {"channel": channel, "message_ts": message}
        link = self._quietly("chat.getPermalink", said).get("permalink") or ""
        info = self._quietly("conversations.info", {"channel": channel}).get("channel") or {}
        return str(link), f"#{info['name']}" if info.get("name") else ""

    def _quietly(self, method: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """{} for a channel that the app is not in."""
        try:
            found = self._client.api_call(method, params=dict(asked)).data
        except failures.FAILURES as error:
            if failures.code_of(error) in {"channel_not_found", "message_not_found", "not_in_channel"}:
                return {}
            raise failures.failure(error) from error
        return found if isinstance(found, dict) else {}

    def show_home(self, who: str, view: Payload, seen: str = "") -> bool:
        """https://docs.slack.dev/reference/methods/views.publish"""
        said = {"user_id": who, "view": dict(view)} | ({"hash": seen} if seen else {})
        try:
            self._client.api_call("views.publish", json=said)
        except failures.FAILURES as error:
            if failures.code_of(error) == "hash_conflict":
                return False
            raise failures.failure(error) from error
        return True

    def _call(self, method: str, said: Mapping[str, Any]) -> None:
        try:
            self._client.api_call(method, json=dict(said))
        except failures.FAILURES as error:
            problem: KairanError = failures.failure(error)
            raise problem from error


def _is_guest(user: Mapping[str, Any]) -> bool:
    """Of several channels, or of one. https://docs.slack.dev/reference/objects/user-object"""
    return bool(user.get("is_restricted") or user.get("is_ultra_restricted"))
