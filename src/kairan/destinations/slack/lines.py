"""Lines of a notice as mrkdwn within a limit: what does not fit is counted, said and linked, never cut silently."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from kairan.destinations.slack import escape
from kairan.domain.notice import Line, Run
from kairan.domain.wording import word

Parts = Mapping[str, tuple[Run, ...]]  # what a text's {places} are filled with: several are a list

_ROOM_TO_SAY = 60  # "and 1,234,567 more", "all of it", and the signs of a link


def plain(template: str, parts: Parts) -> str:
    """A text with its places filled in, not yet escaped. Places that nobody filled are left out."""
    said = {name: ", ".join(run.text for run in runs) for name, runs in parts.items()}
    return template.format_map(defaultdict(str, said))


class Pen:
    """Writes lines in a language. `more` is where all of it can be read."""

    def __init__(self, language: str, more: str) -> None:
        self._language, self._more = language, more
        self._tail = _ROOM_TO_SAY + len(escape.address(more))

    def paragraph(self, lines: Sequence[Line], most: int) -> str:
        """The lines, each with its share of the room; those that do not fit are counted in the last one."""
        written: list[str] = []
        left = most
        for number, line in enumerate(lines):
            after = len(lines) - number - 1
            room = left - (self._tail if after else 0)
            share = room if _is_short(line) else max(room // (after + 1), min(room, self._tail + 80))
            text = self.line(line, share) if share > self._tail else ""
            if not text or escape.width(text) + 1 > room:
                written.append(self._rest(after + 1))
                break
            written.append(text)
            left -= escape.width(text) + 1
        return "\n".join(written)

    def line(self, line: Line, most: int) -> str:
        """One line. Of its items as many as fit, then how many are left out."""
        lead = self._runs(line.runs, most - (self._tail if line.items else 0))
        return lead + self._items(line, most - escape.width(lead))

    def text(self, text: str, most: int) -> str:
        """A text, cut where it has to be: then that is said, with the address of all of it."""
        whole = escape.mrkdwn(text)
        if escape.width(whole) <= most:
            return whole
        begin = escape.cut(text, most - self._tail, escape.mrkdwn)
        return f"{begin} {escape.link(self._more, word('all_of_it', self._language))}"

    def rows(self, drawn: Sequence[str], most: int, more: int = 0) -> list[str]:
        """Lines that are drawn already, as many as fit; the rest, and `more` that nobody drew, are counted."""
        if not more and sum(escape.width(row) + 1 for row in drawn) <= most:
            return list(drawn)
        kept = _count(drawn, 1, most - self._tail)
        return [*drawn[:kept], self._rest(len(drawn) - kept + more)]

    def filled(self, template: str, parts: Parts, most: int) -> str:
        """A text with its places filled in. Where that is too much, each place has its share of the room."""
        pieces = [(escape.mrkdwn(said), parts.get(name or "", ())) for said, name, *_ in Formatter().parse(template)]
        wanted = [sum(escape.width(self._drawn(run)) + 2 for run in runs) for _, runs in pieces]
        shares = _shares(wanted, most - sum(escape.width(said) for said, _ in pieces))
        filled = [said + self._place(runs, share) for (said, runs), share in zip(pieces, shares, strict=True)]
        return "".join(filled).strip()

    def _place(self, runs: tuple[Run, ...], most: int) -> str:
        return self._items(Line((), runs), most) if len(runs) > 1 else self._runs(runs, most)

    def _runs(self, runs: Sequence[Run], most: int) -> str:
        said = ""
        for run in runs:
            said += self._run(run, most - escape.width(said))
        return said

    def _run(self, run: Run, most: int) -> str:
        drawn = self._drawn(run)
        if escape.width(drawn) <= most:
            return drawn
        return self.text(run.text, most) if most > self._tail else escape.cut(run.text, max(most, 1), escape.mrkdwn)

    def _drawn(self, run: Run) -> str:
        if run.url:
            said = escape.link(run.url, run.text)
            too_long = f" ({word('too_long', self._language)})" if escape.is_too_long(run.url) else ""
            return said + too_long
        shown = escape.mrkdwn(run.text)
        return f"*{shown.strip()}*" if run.strong else shown

    def _items(self, line: Line, most: int) -> str:
        drawn = list(self._all(line))
        whole = line.separator.join(drawn)
        if escape.width(whole) <= most:
            return whole
        pen = self if most > self._tail else Pen(self._language, "")
        kept = _count(drawn, len(line.separator), most - pen._tail)
        return line.separator.join([*drawn[:kept], pen._rest(len(drawn) - kept)])

    def _all(self, line: Line) -> Iterator[str]:
        yield from (self._drawn(Run(escape.one_line(each.text), each.url, each.strong)) for each in line.items)

    def _rest(self, count: int) -> str:
        return escape.link(self._more, word("and_more", self._language, count=f"{count:,}"))


def _count(drawn: Sequence[str], separator: int, room: int) -> int:
    """How many of these fit, with what parts them."""
    for number, each in enumerate(drawn):
        room -= escape.width(each) + separator
        if room < 0:
            return number
    return len(drawn)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """What each gets of the room: all it wants while there is enough, the greedy the same."""
    shares = [0] * len(wanted)
    for served, number in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[number] = max(min(wanted[number], room // (len(wanted) - served)), 0)
        room -= shares[number]
    return shares


def _is_short(line: Line) -> bool:
    return not line.items and sum(len(run.text) for run in line.runs) < 200
