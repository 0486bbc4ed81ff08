"""Use case: somebody opens a case from a message (docs/adr/0013).

That a person asked for a case of a vulnerability is a fact (`is:raised`), which a rule opens cases by: one of the
configuration, or the one that stands behind all others (domain.normalised). So what is found of it tomorrow belongs to
the same case, and where a case is there already the message is kept with it.
"""

from collections.abc import Iterable
from datetime import datetime

from kairan.domain.answer import Answer, Fault, Form, Named, Said
from kairan.domain.message import Action
from kairan.domain.rights import Right
from kairan.services import asking, attempts, may, to_route
from kairan.services.actor import Actor
from kairan.services.attempts import attempt
from kairan.store.queries import raised, unrouted
from kairan.store.queries.case_facts import Cursor
from kairan.store.queries.raised import Found

MOST = 10  # ids of one message
RAISE = "open_case"


def raise_case(action: Action, actor: Actor, now: datetime) -> Answer:
    """The form with the ids that the message names, and who is affected; or what was chosen in it, done."""
    message = f"message {action.channel} {action.message}"
    with attempt(actor, "case.raise", message, now) as cursor:
        may.check(actor, Right.DECIDE)
        if not action.values.get("submitted"):
            return Answer(Said.FORM, form=_form(action, actor))
        named = list(dict.fromkeys([*_texts(action.values.get("ids")), *_texts(action.values.get("other"))]))[:MOST]
        found = {each: raised.find(cursor, each) for each in named}
        if errors := _errors(found):
            return Answer(Said.WRONG, errors=errors)
        known = {each: one for each, one in found.items() if one is not None}
        said = _kept(cursor, action, actor, known, now)
        attempts.audit(cursor, actor, "case.raise", message, None, {**said, "url": action.values.get("url", "")}, now)
        to_route.wake()
        return Answer(Said.RAISED, said)


def _form(action: Action, actor: Actor) -> Form:
    named = [each.upper() for each in _texts(action.values.get("named"))]
    choices = [asking.who_is_affected(each, actor) for each in dict.fromkeys(named)]
    return Form(RAISE, 0, "", named=tuple(Named(each.asked, each) for each in choices[:MOST]))


def _errors(found: dict[str, Found | None]) -> dict[str, Fault]:
    if not found:
        return {"other": Fault("no_id")}
    unknown = [each for each, one in found.items() if one is None]
    return {"other": Fault("unknown_id", {"ids": ", ".join(unknown)[:200]})} if unknown else {}


def _kept(cursor: Cursor, action: Action, actor: Actor, found: dict[str, Found], now: datetime) -> dict[str, object]:
    url, place = str(action.values.get("url", "")), str(action.values.get("place", ""))
    for one in found.values():
        raised.add(cursor, one.vulnerability, url, place, actor.person, actor.name, now)
        unrouted.add(cursor, one.loose, None, now)
    return {
        "ids": list(found),
        "there": [f"C-{case}" for one in found.values() for case in one.cases],
        "opening": [each for each, one in found.items() if one.loose],
        "nobody": [each for each, one in found.items() if not one.open],
        "link": bool(url),
    }


def _texts(value: object) -> Iterable[str]:
    """Ids that were ticked, or typed with anything between them."""
    texts = value if isinstance(value, list) else str(value or "").replace(",", " ").split()
    return [each.strip()[:100] for each in texts if isinstance(each, str) and each.strip()]
