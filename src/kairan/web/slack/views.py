"""Where Slack calls Kairan, when it does not use Socket Mode: buttons, forms, commands, events.

Slack signs each request over its raw body with the app's signing secret; Bolt checks that in constant time, and that
the request is not older than five minutes. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from slack_bolt.request import BoltRequest
from slack_sdk.signature import SignatureVerifier

from kairan.domain.errors import ConfigError
from kairan.runtime.secrets import secret
from kairan.services import configuration
from kairan.web.security import public
from kairan.web.slack.bolt import app_of

_LARGEST = 1 << 20  # Slack's own largest, a form's state, is 250 kB


@public  # it carries a signature instead of a login
@csrf_exempt  # and no cookie
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """Answer what a configured app's signature vouches for; 400 for all else, and nothing said of why."""
    if int(request.headers.get("Content-Length") or 0) > _LARGEST:
        return HttpResponse(status=413)
    body = request.body
    for name, signing_secret in _listening():
        if _is_signed(request, body, signing_secret):
            return _answered(request, body, name, signing_secret)
    return HttpResponse(status=400)


def _is_signed(request: HttpRequest, body: bytes, signing_secret: str) -> bool:
    """The SDK's check, which takes only what looks like Slack's headers without falling over."""
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16 and signature.isascii()):
        return False
    return SignatureVerifier(signing_secret).is_valid(body, stamp, signature)


def _listening() -> Iterator[tuple[str, str]]:
    """The destinations that Slack may call, with their signing secrets."""
    for each in configuration.active().destinations:
        if each.kind == "slack" and each.settings.get("signing_secret"):
            try:
                yield each.name, secret(str(each.settings["signing_secret"]))
            except ConfigError:
                continue  # `kairan slack check` says so; another destination may be meant


def _answered(request: HttpRequest, body: bytes, name: str, signing_secret: str) -> HttpResponse:
    headers: dict[str, str | Sequence[str]] = {key.lower(): [value] for key, value in request.headers.items()}
    said = app_of(name, signing_secret).dispatch(BoltRequest(body=body.decode(errors="replace"), headers=headers))
    answer = HttpResponse(said.body, status=said.status, content_type=said.first_headers().get("content-type"))
    answer.headers["Cache-Control"] = "no-store"
    return answer
