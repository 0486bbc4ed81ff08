"""What the dummy offers, and what it is like to talk to it over HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from kairan.destinations.dummy.limits import LONGEST_TEXT, SETTLE
from kairan.domain.errors import ConfigError
from kairan.domain.message import Message
from kairan.interfaces.destination import (
    Carrier,
    DeliveryError,
    Guarantee,
    LookError,
    Parcel,
    Payload,
    Problem,
    Receipt,
    Surroundings,
    UncertainError,
)

_DEFAULTS: Mapping[str, object] = {"url": "http://127.0.0.1:8765", "timeout": 5.0, "rate": 0.0}
_BROKEN = {HTTPStatus.UNAUTHORIZED}
_UNKNOWN = {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}  # somebody between us does not know either


class Dummy:
    """A destination over HTTP whose server fails on demand."""

    kind = "dummy"
    title = "Dummy"
    guarantee: Guarantee = "exactly_once"
    settle = SETTLE
    pace = timedelta()
    can_edit = True
    makes_tickets = True  # what it is sent as one it keeps, as everything

    def check_settings(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """`url`, `timeout` and `rate` in seconds."""
        if unknown := sorted({*settings} - {*_DEFAULTS}):
            raise ConfigError(f"unknown setting {unknown[0]!r}; there are: {', '.join(sorted(_DEFAULTS))}")
        used = {**_DEFAULTS, **settings}
        if not str(used["url"]).startswith(("http://", "https://")):
            raise ConfigError("the setting 'url' has to begin with http:// or https://")
        for key in ("timeout", "rate"):
            if isinstance(used[key], bool) or not isinstance(used[key], int | float) or not 0 <= used[key] <= 300:  # type: ignore[operator]
                raise ConfigError(f"the setting {key!r} has to be a number of seconds from 0 to 300")
        return used

    def render(self, message: Message) -> Payload:
        """The purpose, and in a few plain fields what it is about."""
        case = message.case
        lines = [message.text, *(f"{item.title} ({item.status})" for item in message.items)]
        text = "\n".join(line for line in lines if line)
        return {
            "purpose": message.purpose.value,
            "code": message.code,
            "case": case.number if case else None,
            "status": case.status if case else "",
            "total": case.total if case else 0,
            "title": case.title[:LONGEST_TEXT] if case else "",
            "text": text[:LONGEST_TEXT],
            "by": message.by[:LONGEST_TEXT],
        }

    def open(self, settings: Mapping[str, object], around: Surroundings) -> Carrier:
        used = self.check_settings(settings)
        return DummyCarrier(str(used["url"]), float(used["timeout"]))  # type: ignore[arg-type]  # checked just now


class DummyCarrier:
    """A connection. 5xx but a gateway's, and a connection that was never made, are certainly not delivered."""

    def __init__(self, url: str, timeout: float) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def send(self, parcel: Parcel) -> Receipt:
        said: dict[str, Any] = {"marker": parcel.marker, "payload": dict(parcel.payload)}
        if parcel.edits:
            assert parcel.root is not None
            answer = self._ask("PUT", f"{_messages(parcel.channel)}/{quote(parcel.root.id, safe='')}", said)
        else:
            said |= {"root": parcel.root.id if parcel.root else None, "broadcast": parcel.broadcast}
            answer = self._ask("POST", _messages(parcel.channel), said)
        if answer.is_success:
            return _receipt(answer)
        raise _refusal(answer)

    def find(self, parcel: Parcel, since: datetime) -> Receipt | None:
        place = {"since": since.astimezone(UTC).isoformat()}
        try:
            answer = self._http.get(_messages(parcel.channel), params=place)
            found = answer.json()["messages"] if answer.is_success else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise LookError(f"the list of messages cannot be read: {type(error).__name__}") from None
        if found is None:
            raise LookError(f"the list of messages was answered with {answer.status_code}", retry_after=_wait(answer))
        mine = next((each for each in found if each["marker"] == parcel.marker), None)
        return Receipt(mine["id"], mine["url"]) if mine else None

    def check(self) -> list[Problem]:
        try:
            answer = self._http.get("/check")
        except httpx.HTTPError as error:
            return [Problem(f"the server does not answer ({type(error).__name__})", "start it, or mend `url`")]
        return [] if answer.is_success else [Problem(f"the server answers {answer.status_code}", "look at its log")]

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, said: Mapping[str, Any]) -> httpx.Response:
        try:
            return self._http.request(method, path, json=said)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise DeliveryError(f"the server cannot be reached: {error}", whole=True) from None
        except httpx.HTTPError as error:
            raise UncertainError(f"no answer came: {type(error).__name__}") from None


def _messages(channel: str) -> str:
    return f"/channels/{quote(channel, safe='')}/messages"


def _receipt(answer: httpx.Response) -> Receipt:
    try:
        said = answer.json()
        return Receipt(said["id"], said["url"])
    except (ValueError, KeyError, TypeError):
        raise UncertainError("the answer cannot be read") from None


def _refusal(answer: httpx.Response) -> DeliveryError | UncertainError:
    status, said = answer.status_code, f"{answer.status_code} {answer.text[:200]}".strip()
    if status in _UNKNOWN:
        return UncertainError(said)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        whole = answer.headers.get("X-Scope") == "all"
        return DeliveryError(said, retry_after=_wait(answer) or timedelta(seconds=1), whole=whole)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryError(said, retry_after=_wait(answer), whole=status == HTTPStatus.SERVICE_UNAVAILABLE)
    gone = status == HTTPStatus.GONE
    return DeliveryError(said, permanent=True, whole=status in _BROKEN, gone=gone)


def _wait(answer: httpx.Response) -> timedelta | None:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("Retry-After", "").strip()
    try:
        return timedelta(seconds=float(text)) if text else None
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(text) - datetime.now(UTC), timedelta())
    except (ValueError, TypeError):
        return None
