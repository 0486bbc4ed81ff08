"""Use case: what a delivery says, from the case as it is now, in the reader's language and zone.

Read when it is sent, never before: a message that waited an hour tells how things are, not how they were. The number
of queries does not grow with the case.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kairan.domain.config import Config
from kairan.domain.errors import KairanError
from kairan.domain.message import ActionOffer, CaseFacts, Fix, Item, Message, Part, Place, Purpose
from kairan.domain.siem import links_of
from kairan.domain.triage import State, Status, moves
from kairan.domain.versions import rank
from kairan.services import configuration
from kairan.services.readers import PREVIEW, Directory
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_facts, deliveries, demo
from kairan.store.queries.case_facts import Cursor, Delivery, Head

_ITEMS = 100  # lines of a digest; the rest is counted
_CODES = {Purpose.REMINDER: "reminded", Purpose.ESCALATION: "escalated", Purpose.HANDOVER: "handed_over"}
_GATHERED = {Purpose.DIGEST, Purpose.ROLL_UP}
_FILTERED = {"vulnerability": "", "vulnerability-team": "", "fix": "fix", "control": "control", "asset": "asset"}


class NothingToSayError(KairanError):
    """What the delivery was about is not there any more."""


def compose(delivery: int) -> Message:
    """The message of one delivery row. NothingToSayError if the row or its case is gone."""
    cursor = raw_cursor()
    found = case_facts.delivery(cursor, delivery)
    if found is None:
        raise NothingToSayError(f"there is no delivery {delivery}")
    return _Composer(cursor, configuration.active(), found).message()


class _Composer:
    """One delivery, its reader, and the configuration in force."""

    def __init__(self, cursor: Cursor, config: Config, delivery: Delivery) -> None:
        self.cursor, self.config, self.delivery = cursor, config, delivery
        self.purpose = Purpose(delivery.purpose)
        team = next((each for each in config.teams if each.key == delivery.team), None)
        destination = next((each for each in config.destinations if each.name == delivery.destination), None)
        self.team = (team.name or team.key) if team else delivery.team
        self.language = (team and team.language) or (destination and destination.language) or config.language
        self.zone = (team and team.time_zone) or config.time_zone
        self.is_inside = destination is not None and destination.kind == PREVIEW

    def message(self) -> Message:
        if self.purpose in _GATHERED:
            return self._gathered()
        if self.purpose is Purpose.TEST:
            return self._said(link=self._address("/"))
        if self.delivery.case is None:
            raise NothingToSayError(f"the case of delivery {self.delivery.id} is not there any more")
        head = case_facts.head(self.cursor, self.delivery.case)
        assert head is not None
        facts = self._facts(head)
        return self._said(
            case=facts,
            offers=self._offers(head, facts),
            filtered_by=_filtered_by(head, facts),
            link=facts.url,
        )

    def _said(self, **more: Any) -> Message:
        params = self.delivery.params
        return Message(
            self.purpose,
            self.language,
            self.zone,
            team=self.team,
            code=str(params.get("code") or _CODES.get(self.purpose, "")),
            params=self._params(params),
            text=str(params.get("text") or ""),
            by=str(params.get("by") or ""),
            **more,
        )

    def _params(self, params: Mapping[str, Any]) -> dict[str, object]:
        """The news's own; of a hand-over the teams' names instead of their keys."""
        said = dict(params.get("params") or {})
        said |= {name: params[name] for name in ("told_at", "number") if name in params}
        if self.purpose is Purpose.HANDOVER and self.delivery.case and not said:
            said = dict(case_facts.handed_over(self.cursor, self.delivery.case, self.delivery.part))
        if (params.get("code") or _CODES.get(self.purpose)) == "handed_over":
            said |= {name: self._team_name(said[name]) for name in ("old", "new") if said.get(name)}
        return said

    def _team_name(self, key: object) -> str:
        return next((team.name or team.key for team in self.config.teams if team.key == key), str(key))

    def _gathered(self) -> Message:
        """A digest: its cases as they are now."""
        found = case_facts.items(self.cursor, self.delivery.params.get("cases") or [], self.delivery.team)
        lines = tuple(
            Item(each.id, self._case(each.id), each.title, each.severity.word, each.status, each.places, each.due_at)
            for each in found[:_ITEMS]
        )
        more = max(len(found) - _ITEMS, 0)
        return self._said(items=lines, more=more, link=self._address("/cases/"))

    def _facts(self, head: Head) -> CaseFacts:
        ids = case_facts.identifiers(self.cursor, head.vulnerability) if head.vulnerability else []
        summary = case_facts.summary(self.cursor, head.vulnerability) if head.vulnerability else ""
        ghsa = next((each for each in ids if each.startswith("GHSA-")), "")
        window = self._window(head.reopened_at or head.opened_at)
        parts = self._parts(head.id)
        return CaseFacts(
            number=head.id,
            url=self._case(head.id),
            title=head.title,
            summary=summary or head.title,
            severity=head.severity.word,
            status=head.status,
            kind=head.kind or "vulnerability",
            ids=tuple(ids),
            ghsa=ghsa,
            window=window,
            places=self._places(head.id, parts),
            fixes=tuple(fix_of(each) for each in case_facts.fixes(self.cursor, head.id)),
            links=links_of(ids, window, self.config.links),
            parts=parts,
            sources=tuple(case_facts.sources(self.cursor, head.id)),
            total=head.findings,
            opened_at=head.opened_at,
            ticket=self._absolute(self._ticket(head.id)),
            is_demo=demo.find() is not None,
        )

    def _window(self, instant: datetime) -> tuple[datetime, datetime]:
        """The reader's day that the news is of, from midnight to midnight: not always 24 hours."""
        zone = ZoneInfo(self.zone)
        day = instant.astimezone(zone).date()
        begin, end = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + timedelta(days=1)))
        return begin, end

    def _parts(self, case: int) -> tuple[Part, ...]:
        channels = self._channels(case)
        posts = case_facts.posts(self.cursor, case, self.delivery.destination)
        return tuple(
            Part(
                each.id,
                each.team,
                self._team_name(each.team) if each.team else "",
                each.status,
                each.findings,
                due_at=each.due_at,
                channel_id=channels.get(each.id, ("", ""))[0],
                channel_name=channels.get(each.id, ("", ""))[1],
                post=self._absolute(posts.get(each.id, "")),
                relook=each.relook,
                by=each.by,
                reason=each.reason,
            )
            for each in case_facts.parts(self.cursor, case)
        )

    def _channels(self, case: int) -> dict[int, tuple[str, str]]:
        """Where each part's team reads, in the destination that is told."""
        found = deliveries.cases(self.cursor, [case])[case]
        directory = Directory(self.config)
        return {
            part.id: (reader.channel, reader.name)
            for part in found.parts
            for reader in directory.team(found, part.key)
            if reader.destination == self.delivery.destination
        }

    def _places(self, case: int, parts: tuple[Part, ...]) -> tuple[Place, ...]:
        names = {part.number: part.name for part in parts}
        return tuple(
            Place(each.kind, self._short(each.name), self._address(f"/assets/{each.id}/"), names.get(each.part, ""))
            for each in case_facts.places(self.cursor, case)
        )

    def _short(self, name: str) -> str:
        """A repository of the company's own organisation goes by its name alone, as in its configuration."""
        short = name.removeprefix("github.com/")
        owner, _, rest = short.partition("/")
        return rest if rest and owner.lower() == self.config.owner.lower() else short  # GitHub's names have no case

    def _offers(self, head: Head, facts: CaseFacts) -> tuple[ActionOffer, ...]:
        """What the reader may do now. Whether they have the right is asked when they do it."""
        if head.state == State.CLOSED:
            return ()
        if self.purpose is Purpose.PSIRT_POST:
            codes = (*(() if self._ticket(head.id) else ("create_ticket",)), "claim", "decide", "defer")
            return tuple(ActionOffer(code, head.id) for code in codes)
        if self.purpose is Purpose.TRIAGE_FORM:
            return (ActionOffer("send_triage", head.id),)
        if self.purpose in {Purpose.TEAM_POST, Purpose.HANDOVER}:
            return self._team_offers(head, facts)
        return ()

    def _team_offers(self, head: Head, facts: CaseFacts) -> tuple[ActionOffer, ...]:
        mine = next((part for part in facts.parts if part.number == self.delivery.part), None)
        if mine is None:
            return ()
        open_to = moves(Status(mine.status))
        codes = [code for code, status in _TEAMS.items() if status in open_to - {mine.status}]
        return tuple(ActionOffer(code, head.id, mine.number) for code in [*codes, "ask"])

    def _ticket(self, case: int) -> str:
        return case_facts.ticket(self.cursor, case)

    def _case(self, number: int) -> str:
        return self._address(f"/cases/C-{number}/")

    def _address(self, path: str) -> str:
        """An address of Kairan's own. Where that was not configured: a path, which leads somewhere from Kairan's own
        pages (the preview) only; elsewhere ""."""
        return self.config.link(path) or (path if self.is_inside else "")

    def _absolute(self, url: str) -> str:
        return self._address(url) if url.startswith("/") else url


_TEAMS = {"fix": Status.FIX_CLAIMED, "not_affected": Status.NOT_AFFECTED}


def _filtered_by(head: Head, facts: CaseFacts) -> str:
    """What the rule groups by, as the article's line says it."""
    fallback = "cve" if head.primary_id.startswith("CVE-") else "id"
    return _FILTERED.get(head.group_by, head.group_by) or ("ghsaId" if facts.ghsa else fallback)


def fix_of(found: case_facts.Fix) -> Fix:
    """The newest of the fixed versions that sources name, where their order is known: it fixes all of them."""
    known: dict[str, Any] = {version: rank(found.ecosystem, version) for version in found.fixed}
    ordered = [version for version, order in known.items() if order is not None]
    best = max(ordered, key=known.__getitem__) if ordered else next(iter(found.fixed), "")
    return Fix(found.package, found.ecosystem, tuple(dict.fromkeys(map(_plain, found.installed))), best)


def _plain(version: str) -> str:
    return version.removeprefix("=").strip()  # GitHub writes "= 1.0.0"
