"""Saved views: keep the list's address under a name, for oneself or for everyone.

What everyone sees is everyone's business: sharing, and any change to a shared view, leaves an audit row.
"""

import unicodedata
from datetime import datetime

from django.db import IntegrityError, transaction

from kairan.domain.errors import KairanError
from kairan.domain.rights import Right, may
from kairan.services.actor import Actor
from kairan.store.connection import raw_cursor
from kairan.store.models import Person, SavedView
from kairan.store.queries.audit import add_audit

LONGEST_NAME = 80
MOST = 100
LONGEST_QUERY = 40_000  # 4,000 Japanese signs take 36,000 where an address writes them; its order and columns the rest


class ViewNameTaken(KairanError):  # noqa: N818 - says what is the matter with the name
    """The person has a view of this name, in whatever case."""


class ViewNameUnusable(KairanError):  # noqa: N818 - says what is the matter with the name
    """There is no name, or one too long for a list."""


class ViewNotYours(KairanError):  # noqa: N818 - says whose it is
    """The view is another person's, or gone."""


class ViewTooLong(KairanError):  # noqa: N818 - says what is the matter with the address
    """The address is longer than any that the list makes: what is cut would be another query."""


class TooManyViews(KairanError):  # noqa: N818 - says what is the matter
    """The person keeps as many views as anybody may."""


def save(by: Actor, name: str, query: str, now: datetime, *, shared: bool = False) -> int:
    """Keep an address under a new name. Without the right to share it is kept for oneself."""
    if len(query) > LONGEST_QUERY:
        raise ViewTooLong(f"a view's address has at most {LONGEST_QUERY} signs")
    with transaction.atomic():
        person = _person(by)
        if SavedView.objects.filter(person=person).count() >= MOST:
            raise TooManyViews(f"there are {MOST} views of yours already; delete one first")
        shared = shared and may(person.role, Right.SHARE_VIEWS)
        try:
            with transaction.atomic():
                view = SavedView.objects.create(
                    person=person,
                    name=_usable(name),
                    query=query,
                    is_shared=shared,
                    created_at=now,
                )
        except IntegrityError:
            raise ViewNameTaken(f"there is a view {name!r} already") from None
        if shared:
            _audit(by, now, "view.share", view.pk, None, _told(view))
    return int(view.pk)


def rename(by: Actor, number: int, name: str, now: datetime) -> None:
    """Give one's own view another name."""
    with transaction.atomic():
        view = _own(by, number)
        before, view.name = _told(view), _usable(name)
        try:
            with transaction.atomic():
                view.save(update_fields=["name"])
        except IntegrityError:
            raise ViewNameTaken(f"there is a view {name!r} already") from None
        if view.is_shared and before != _told(view):
            _audit(by, now, "view.rename", number, before, _told(view))


def share(by: Actor, number: int, now: datetime, *, shared: bool) -> None:
    """Show one's own view to everyone, or to oneself alone again."""
    with transaction.atomic():
        view = _own(by, number)
        if view.is_shared == shared:
            return
        if shared and not may(_person(by).role, Right.SHARE_VIEWS):
            raise ViewNotYours("your role does not share views")
        view.is_shared = shared
        view.save(update_fields=["is_shared"])
        told = _told(view)
        _audit(by, now, "view.share" if shared else "view.unshare", number, *((None, told) if shared else (told, None)))


def delete(by: Actor, number: int, now: datetime) -> None:
    """Take away one's own view; with the right to clear any shared one."""
    with transaction.atomic():
        clears = may(_person(by).role, Right.CLEAR_VIEWS)
        view = SavedView.objects.select_for_update().filter(pk=number).first()
        if view is None or not (view.person_id == by.person or (view.is_shared and clears)):
            raise ViewNotYours("there is no such view of yours")
        told = _told(view)
        view.delete()
        if told["shared"]:
            _audit(by, now, "view.delete", number, told, None)


def _person(by: Actor) -> Person:
    """Who does it, as they are today. Their row is locked, so that two saves at once do not pass MOST together."""
    people = Person.objects.select_for_update().filter(pk=by.person or 0, is_active=True)
    if (person := people.first()) is None:
        raise ViewNotYours("only people who are active have views")
    return person


def _own(by: Actor, number: int) -> SavedView:
    view = SavedView.objects.select_for_update().filter(pk=number, person_id=by.person or 0).first()
    if view is None:
        raise ViewNotYours("there is no such view of yours")
    return view


def _usable(name: str) -> str:
    """One spelling for names that look the same, on one line."""
    spelled = " ".join(unicodedata.normalize("NFKC", name.replace("\0", " ")).split())
    if not spelled or len(spelled) > LONGEST_NAME:
        raise ViewNameUnusable(f"a view's name has 1 to {LONGEST_NAME} signs")
    return spelled


def _told(view: SavedView) -> dict[str, object]:
    return {"name": view.name, "query": view.query, "shared": view.is_shared}


def _audit(by: Actor, now: datetime, action: str, number: int, before: object, after: object) -> None:
    subject = f"view:{number}"
    add_audit(raw_cursor(), now, by.name, action, subject, before, after, person=by.person, origin=by.origin)
