"""Use case: who is affected, asked from a chat. For whoever may see findings at all."""

from urllib.parse import quote

from kairan.domain.affected import Affected
from kairan.domain.rights import Right
from kairan.services import configuration, may
from kairan.services.actor import Actor
from kairan.store.queries import affected

_LONGEST = 200


def who_is_affected(asked: str, actor: Actor) -> Affected:
    """By an id (CVE, GHSA ...) or a package's name. "" and "help" are answered with how to ask."""
    asked = " ".join(asked.split())[:_LONGEST]
    if not may.is_allowed(actor, Right.SEE):
        return Affected(asked, is_forbidden=True)
    if asked.lower() in {"", "help"}:
        return Affected("")
    known, shares, total, is_cut = affected.find(asked)
    home = configuration.active().address.rstrip("/")
    address = f"{home}/findings/?q={quote(asked)}" if home else ""
    return Affected(asked, known, tuple(shares), total, is_cut, address=address)
