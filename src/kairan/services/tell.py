"""Use case: who is told of what happened. From news to delivery rows, in the transaction the news is of.

Nothing is drawn here and nobody is called: `services.deliver` does that when a row's turn comes. What lasts in a
channel (a post, the form below it, a ticket) is edited when the case changes; below it people hear what they have to
hear.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from kairan.domain.config import Channel, Config
from kairan.domain.message import Purpose
from kairan.domain.news import Code, News
from kairan.domain.reading_times import after_quiet, next_round
from kairan.domain.triage import PARKED, SETTLED, State
from kairan.services.audience import CLOSINGS, DIGESTED, OPENING, POSTED, SILENT, hears
from kairan.services.readers import Directory, Reader, lanes
from kairan.services.telling import (
    NEWS,
    NOT_THERE,
    ROUND,
    Batch,
    better,
    form_in,
    form_key,
    is_team_post,
    message,
    post_in,
    post_key,
    priority,
)
from kairan.services.waking import wake
from kairan.store.queries import deliveries
from kairan.store.queries.deliveries import Case, Cursor, Part, Root

_ELSEWHERE = "handed_over"  # told elsewhere before it was sent
_OVERTAKEN = "overtaken"  # settled before it was told
_ANSWERED = frozenset({*SETTLED, *PARKED})


def news(cursor: Cursor, config: Config, news: Sequence[News], now: datetime) -> None:
    """Make, change or take back the deliveries that these news call for. The same news once more changes nothing."""
    if not news:
        return
    cases = deliveries.cases(cursor, (each.case for each in news))
    telling = _Telling(cursor, Directory(config), cases, now, len(news))
    told = [each for each in news if telling.is_told(each)]
    if told:
        telling.tell(told)
        wake()


class _Telling:
    """Some news, their cases and what was told of these before."""

    def __init__(self, cursor: Cursor, directory: Directory, cases: dict[int, Case], now: datetime, size: int) -> None:
        self.cursor, self.directory, self.cases, self.now, self.size = cursor, directory, cases, now, size
        found = deliveries.roots(cursor, cases)
        self.known: dict[int, list[Root]] = {number: found.get(number, []) for number in cases}
        self.batch = Batch(cursor, now, self.known)
        self._opened: set[int] = set()
        self._reopened: set[int] = set()

    def is_told(self, each: News) -> bool:
        """Nothing is told of a silent baseline until it is released, and nothing of what was folded into another."""
        case = self.cases.get(each.case)
        if case is None:
            return False
        if each.code in OPENING and not each.params.get("baseline"):
            self._opened.add(case.id)
        return case.told_at is not None or case.id in self._opened

    def tell(self, news: Sequence[News]) -> None:
        self._reopened = {each.case for each in news if each.code is Code.REOPENED and each.part is None}
        for each in news:
            self._posts(each)
        self.batch.write_posts()
        forms = self._write_forms()
        self._take_back(news)
        for each in news:
            self._replies(each)
            self._edits(each)
        self.batch.write_rest(forms)

    def _posts(self, each: News) -> None:
        """A post for those who triage and for each team concerned; in digests, the case."""
        case, rank = self.cases[each.case], priority(each, self.size)
        if each.code not in DIGESTED or (case.state == State.CLOSED and each.code is not Code.CLOSED):
            return
        self.batch.told_cases.add(case.id)
        for reader in self.directory.psirt(case):
            self._post(each, reader, Purpose.PSIRT_POST, None, rank)
        purpose = Purpose.HANDOVER if each.code is Code.HANDED_OVER else Purpose.TEAM_POST
        for part in self._concerned(case, each):
            for reader in self.directory.team(case, part.key):
                self._post(each, reader, purpose, part, rank)

    def _post(self, each: News, reader: Reader, purpose: Purpose, part: Part | None, rank: int) -> None:
        if reader.digest or each.code in POSTED:
            self.batch.post(reader, purpose, self.cases[each.case], part, rank)

    @staticmethod
    def _concerned(case: Case, each: News) -> Iterable[Part]:
        """The parts whose teams have something to do: the one that the news is of, else all that are not settled."""
        if each.code is Code.CLOSED:
            return case.parts
        if each.part is not None:
            return [part for part in case.parts if part.id == each.part]
        return [part for part in case.parts if each.code is Code.OPENED or part.status not in _ANSWERED]

    def _write_forms(self) -> dict[int, list[int]]:
        """Triage forms: below the PSIRT's post, after the teams' posts whose links they show.

        Returns, for the forms that are there already, the new posts that their edit has to wait for.
        """
        rows, waits, new = [], {}, {*self.batch.made.values()}
        for case in self.cases.values():
            for reader in (each for each in self.directory.psirt(case) if each.form and not each.digest):
                posts = self._team_posts(case, reader.destination)
                form, post = form_in(self.known[case.id], reader), self._post_of(case, reader, None)
                if form:
                    waits[form.id] = [number for number in posts if number in new]
                elif post is not None:
                    start = reader.start if post in new else None  # then it waits for the round of its post
                    at = after_quiet(reader.quiet, reader.zone, next_round(start, reader.rounds, self.now))
                    key = form_key(reader, case.id)
                    row = message(reader, key, Purpose.TRIAGE_FORM, NEWS, at, case=case.id)
                    row = replace(row, params={ROUND: True}) if start else row
                    rows.append(replace(row, root=post, after=(post, *posts)))
        self.batch.made |= deliveries.add(self.cursor, rows, self.now)
        return waits

    def _team_posts(self, case: Case, destination: str) -> list[int]:
        found = (
            self._post_of(case, reader, part)
            for part in case.parts
            for reader in self.directory.team(case, part.key)
            if reader.destination == destination
        )
        return [number for number in found if number is not None]

    def _post_of(self, case: Case, reader: Reader, part: Part | None) -> int | None:
        """The post there, or the one that was just made."""
        root = post_in(self.known[case.id], reader, part)
        return root.id if root else self.batch.made.get(post_key(reader, case.id, part))

    def _take_back(self, news: Sequence[News]) -> None:
        """Posts that nobody read yet are not told of what is settled, or with others, in the meantime."""
        closed = {each.case for each in news if each.code is Code.CLOSED and self._is_closed(each)}
        resolved = {each.part for each in news if each.code is Code.PART_RESOLVED and each.part is not None}
        waiting = [
            root.id
            for roots in self.known.values()
            for root in roots
            if root.state == "pending" and root.purpose != Purpose.TICKET
            if root.case in closed or root.part in resolved
        ]
        handed_over = [each for each in news if each.code is Code.HANDED_OVER]
        left = {root.id: root for each in handed_over for root in self._left(each) if root.state == "pending"}
        self._cancel(waiting, _OVERTAKEN)
        for number in sorted(self._cancel(left, _ELSEWHERE)):
            self._take_along(left[number])

    def _cancel(self, unsent: Collection[int], why: str) -> set[int]:
        taken = deliveries.cancel_unsent(self.cursor, unsent, why, self.now) if unsent else set()
        for case, roots in self.known.items():
            self.known[case] = [replace(root, state="cancelled") if root.id in taken else root for root in roots]
        return taken

    def _take_along(self, left: Root) -> None:
        """What waited below a post that nobody will read is said below the one where its part is read now."""
        deliveries.drop_farewells(self.cursor, left.id, _ELSEWHERE, self.now)
        case = self.cases[left.case]
        for part in (each for each in case.parts if each.id == left.part):
            for reader in self.directory.team(case, part.key):
                post = self._post_of(case, reader, part)
                if reader.destination == left.destination and post is not None:
                    at = after_quiet(reader.quiet, reader.zone, self.now)
                    deliveries.hang(self.cursor, left.id, post, at)

    def _is_closed(self, each: News) -> bool:
        return self.cases[each.case].state == State.CLOSED

    def _replies(self, each: News) -> None:
        case = self.cases[each.case]
        if each.code in SILENT:
            return
        for root, reader in self._readers_below(case, each):
            if self._hears(each, reader):
                purpose = Purpose.CLOSING if each.code in CLOSINGS else Purpose.UPDATE
                self.batch.reply(reader, root, purpose, each, priority(each, self.size))
        if each.code is Code.HANDED_OVER:
            self._say_goodbye(each)
            self._welcome_back(case, each)

    def _hears(self, each: News, reader: Reader) -> bool:
        return hears(each.code, reader, of_part=each.part is not None, with_case=each.case in self._reopened)

    def _readers_below(self, case: Case, each: News) -> Iterable[tuple[Root, Reader]]:
        """The posts below which this news belongs, in channels that are read still.

        Of several posts in one channel (of cases that became one) one is answered; a closing closes them all.
        """
        found: dict[tuple[str, str, int | None], tuple[Root, Reader]] = {}
        for root, reader in self._read_still(case, each.part):
            place = (*reader.lane, root.part)
            if each.code in CLOSINGS:
                yield root, reader
            elif place not in found or better(root) < better(found[place][0]):
                found[place] = root, reader
        yield from found.values()

    def _read_still(self, case: Case, part: int | None) -> Iterable[tuple[Root, Reader]]:
        psirt = lanes(self.directory.psirt(case))
        teams = {each.id: lanes(self.directory.team(case, each.key)) for each in case.parts}
        for root in self.known[case.id]:
            lane = root.destination, root.channel
            if root.state in NOT_THERE:
                continue
            if root.purpose == Purpose.PSIRT_POST and lane in psirt:
                yield root, psirt[lane]
            elif is_team_post(root) and part in {None, root.part} and lane in teams.get(root.part or 0, {}):
                yield root, teams[root.part or 0][lane]

    def _left(self, each: News) -> Iterable[Root]:
        """The posts in channels that the part's team, or its team of before, does not read of it any more."""
        case, old = self.cases[each.case], str(each.params.get("old", ""))
        now_read = {(part.id, *reader.lane) for part in case.parts for reader in self.directory.team(case, part.key)}
        was_theirs = {reader.lane for reader in self.directory.team(case, old)}
        for root in self.known[case.id]:
            lane = root.destination, root.channel
            left = (root.part, *lane) not in now_read and (root.part == each.part or lane in was_theirs)
            if left and is_team_post(root) and root.state not in NOT_THERE:
                yield root

    def _say_goodbye(self, each: News) -> None:
        """Below the old team's posts: who has it now. What was not sent yet was taken back."""
        for root in self._left(each):
            reader = self.directory.anyone(root.destination, Channel(root.channel, root.channel_name))
            if reader and root.state != "pending":
                self.batch.reply(reader, root, Purpose.UPDATE, each, priority(each, self.size))

    def _welcome_back(self, case: Case, each: News) -> None:
        """Below a post that stands in the new team's channel from earlier on; its last word was that others have it."""
        for root, reader in self._readers_below(case, each):
            if root.part == each.part and root.state != "pending" and _is_new_there(each, reader):
                self.batch.reply(reader, root, Purpose.UPDATE, each, priority(each, self.size))

    def _edits(self, each: News) -> None:
        if each.code in SILENT - {Code.TRIAGE_SENT}:
            return
        for root in self.known[each.case]:
            is_itself = each.code is Code.TICKET and root.purpose == Purpose.TICKET
            can_edit = root.state not in NOT_THERE and not root.gone and root.destination in self.directory.editable
            if can_edit and not is_itself:
                rank = min(priority(each, self.size), self.batch.edits.get(root.id, 99))
                self.batch.edits[root.id] = rank


def _is_new_there(each: News, reader: Reader) -> bool:
    """A team that changed one of its channels has had the others all along."""
    moved = each.params.get("channel")
    return each.params.get("old") != each.params.get("new") or not moved or reader.name == moved
