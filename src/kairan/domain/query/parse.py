"""Parsing: text to tree, with errors that say where and what to do."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from kairan.domain.errors import QueryError
from kairan.domain.query.dates import period
from kairan.domain.query.keys import KEYS, Key, Takes
from kairan.domain.query.tree import And, Choice, Node, Not, Or, Pattern, Words
from kairan.domain.query.words import tokens
from kairan.domain.severity import Severity

DEEPEST = 50
LONGEST = 4_000
_SPACE = re.compile(r"[\s\u3000]+")
_KEY = re.compile(r"([A-Za-z][A-Za-z_-]*):")
_BARE = re.compile(r'[^\s\u3000()",]+')
_COMPARE = re.compile(r">=|<=|>|<|=")


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    at: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a query's text, and what it means. `is_bare`: alternatives without brackets around them."""

    text: str
    node: Node
    is_bare: bool = False


def parse(text: str, now: datetime, zone: tzinfo) -> Node:
    """The tree of a query. Relative dates count from `now`; days begin at midnight in `zone`.

    QueryError(position) for what is no query. The empty query is everything.
    """
    return _Parser(text, now, zone).whole()


def parse_terms(text: str, now: datetime, zone: tzinfo) -> list[Term]:
    """The terms that a query joins by `and`: what a page shows as chips, and adds and removes.

    A query of alternatives is one term. QueryError as `parse` does.
    """
    parser = _Parser(text, now, zone)
    node = parser.whole()
    if isinstance(node, Or) and len(parser.terms) > 1:
        return [Term(text.strip(), node, is_bare=True)]
    return parser.terms


class _Parser:
    def __init__(self, text: str, now: datetime, zone: tzinfo) -> None:
        if len(text) > LONGEST:
            raise QueryError("the query is longer than {most} signs", LONGEST, most=str(LONGEST))
        self.text, self.now, self.zone = text, now, zone
        self.at = 0
        self.depth = 0
        self.terms: list[Term] = []

    def whole(self) -> Node:
        node = self._either()
        if self.at < len(self.text):
            raise QueryError("this bracket closes nothing: remove it", self.at)
        return node

    # --- structure -------------------------------------------------------------------------------------------------

    def _either(self) -> Node:
        nodes = [self._all()]
        while self._word_is("or"):
            at = self.at
            self.at += 2
            nodes.append(self._all())
            if nodes[-1] == And(()):
                raise QueryError("something must follow `or`", at)
            if nodes[0] == And(()):
                raise QueryError("something must stand before `or`", at)
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _all(self) -> Node:
        nodes: list[Node] = []
        while True:
            self._skip()
            if self._word_is("and"):
                self.at += 3
                continue
            if self.at >= len(self.text) or self.text[self.at] == ")" or self._word_is("or"):
                break
            at = self.at
            nodes.append(self._one())
            if not self.depth:
                self.terms.append(Term(self.text[at : self.at], nodes[-1]))
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _one(self) -> Node:
        at = self.at
        if self._word_is("not"):
            self.at += 3
            self._skip()
            return self._negated(at)
        if self.text[at] == "-" and at + 1 < len(self.text) and not self.text[at + 1].isspace():
            self.at += 1
            return self._negated(at)
        if self.text[at] == "(":
            return self._bracket()
        key = _KEY.match(self.text, at)
        if key and not self.text.startswith("//", key.end()):
            return self._term(key[1], at, key.end())
        value = self._value()
        return Words(tuple(tokens(value.text)))

    def _negated(self, at: int) -> Node:
        if self.at >= len(self.text) or self.text[self.at] == ")":
            raise QueryError("something must follow the negation", at)
        self._deeper(at)
        node = Not(self._one())
        self.depth -= 1
        return node

    def _bracket(self) -> Node:
        at = self.at
        self.at += 1
        self._deeper(at)
        node = self._either()
        self.depth -= 1
        if self.at >= len(self.text):
            raise QueryError("this bracket is never closed", at)
        self.at += 1
        return node

    def _deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError("brackets and negations are nested more than {most} deep", at, most=str(DEEPEST))

    # --- terms -----------------------------------------------------------------------------------------------------

    def _term(self, name: str, at: int, end: int) -> Node:
        key = KEYS.get(name.lower().replace("_", "-"))
        if key is None:
            raise _unknown_key(name, at)
        self.at = end
        compare = _COMPARE.match(self.text, self.at)
        if compare:
            self.at = compare.end()
        values = list(self._values(name))
        sign = compare[0] if compare else ""
        if sign and key.takes in {Takes.TEXT, Takes.CHOICE}:
            raise QueryError(
                "`{name}` takes no `{sign}`: write `{example}`", end, name=name, sign=sign, example=key.example
            )
        if key.takes is Takes.TEXT:
            return Pattern(key.name, tuple(value.text for value in values))
        if key.takes is Takes.CHOICE:
            return _choice(key, values)
        if sign and len(values) > 1:
            raise QueryError("`{sign}` takes one value, not a list", values[1].at, sign=sign)
        if key.takes is Takes.SEVERITY:
            return _severity(key, sign, values)
        nodes = tuple(period(key.name, sign, each.text, each.at, self.now, self.zone) for each in values)
        return nodes[0] if len(nodes) == 1 else Or(nodes)

    def _values(self, name: str) -> Iterator[_Value]:
        while True:
            if self.at >= len(self.text) or self.text[self.at] in " \t\n\u3000(),":
                example = KEYS[name.lower().replace("_", "-")].example
                raise QueryError("`{name}:` needs a value: write `{example}`", self.at, name=name, example=example)
            yield self._value()
            if self.at >= len(self.text) or self.text[self.at] != ",":
                return
            self.at += 1

    def _value(self) -> _Value:
        at = self.at
        if self.text[at] == '"':
            end = self.text.find('"', at + 1)
            if end < 0:
                raise QueryError("this quotation mark is never closed", at)
            self.at = end + 1
            return _Value(self.text[at + 1 : end], at, quoted=True)
        bare = _BARE.match(self.text, at)
        if bare is None:
            raise QueryError("`{sign}` cannot stand here", at, sign=self.text[at])
        self.at = bare.end()
        return _Value(bare[0], at)

    # --- reading ---------------------------------------------------------------------------------------------------

    def _skip(self) -> None:
        if space := _SPACE.match(self.text, self.at):
            self.at = space.end()

    def _word_is(self, word: str) -> bool:
        end = self.at + len(word)
        after = self.text[end : end + 1]
        return self.text[self.at : end].lower() == word and (not after or after.isspace() or after in '()"\u3000')


def _unknown_key(name: str, at: int) -> QueryError:
    near = difflib.get_close_matches(name.lower(), KEYS, n=1, cutoff=0.5)
    if near:
        message = "no key `{name}`; `{near}`? To search for the text itself, put it in quotation marks"
        return QueryError(message, at, name=name, near=near[0])
    message = "no key `{name}`; there are {keys}. To search for the text itself, put it in quotation marks"
    return QueryError(message, at, name=name, keys=", ".join(sorted(KEYS)))


def _choice(key: Key, values: list[_Value]) -> Node:
    words = set()
    for value in values:
        word = value.text.lower()
        if word not in key.choices:
            raise _unknown_word(key, value.text, value.at)
        words.add(word)
    answered = key.choices if key.answered is None else key.answered
    return Choice(key.name, frozenset(words & set(answered)))


def _severity(key: Key, sign: str, values: list[_Value]) -> Node:
    found: set[str] = set()
    for value in values:
        low, dots, high = value.text.partition("..")
        first = _severity_word(key, low, value.at) if low or not dots else Severity.UNKNOWN
        last = _severity_word(key, high, value.at + len(low) + 2) if dots and high else first
        if dots and not high:
            last = Severity.CRITICAL
        found |= {each.word for each in Severity if _compares(each, sign, first, last)}
    return Choice(key.name, frozenset(found))


def _compares(each: Severity, sign: str, first: Severity, last: Severity) -> bool:
    if sign in {"", "="}:
        return first <= each <= last
    return {">=": each >= first, ">": each > first, "<=": each <= first, "<": each < first}[sign]


def _severity_word(key: Key, word: str, at: int) -> Severity:
    text = word.lower()
    if text == "moderate":
        return Severity.MEDIUM
    if text not in key.choices:
        raise _unknown_word(key, word, at)
    return Severity[text.upper()]


def _unknown_word(key: Key, word: str, at: int) -> QueryError:
    if near := difflib.get_close_matches(word.lower(), key.choices, n=1, cutoff=0.5):
        return QueryError("`{key}` does not know `{word}`; `{near}`?", at, key=key.name, word=word, near=near[0])
    choices = ", ".join(key.choices)
    return QueryError(
        "`{key}` does not know `{word}`; it takes {choices}", at, key=key.name, word=word, choices=choices
    )
