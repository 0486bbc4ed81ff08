"""YAML as a tree that knows where everything stands.

Scalars stay text: what `0123`, `no` or `22:30` means is decided by who knows what is wanted there, not by YAML 1.1,
which would make them an octal number, a boolean and a number of seconds. Anchors and aliases work; an alias counts as
much as what it stands for, so that a few lines never become millions. https://yaml.org/spec/1.2.2/
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from kairan.domain.complaint import Complaint

DEEPEST = 40
MOST = 500_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = {"", "~", "null", "Null", "NULL"}
_MERGE = "<<"
_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as one


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `is_plain`: without quotation marks. Line and column count from 1."""

    text: str
    line: int
    column: int
    is_plain: bool = True
    is_block: bool = False
    size: int = 1

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Listed:
    items: Sequence["Item"]
    line: int
    column: int
    size: int = 1


@dataclass(frozen=True, slots=True)
class Mapped:
    """`keys` tells where each key stands."""

    entries: Mapping[str, "Item"]
    keys: Mapping[str, Scalar]
    line: int
    column: int
    size: int = 1


Item = Scalar | Listed | Mapped


@dataclass(slots=True)
class Tree:
    """`root` is None where the text is no YAML; an empty file has an empty one."""

    root: Item | None
    complaints: list[Complaint] = field(default_factory=list)


class _UnreadableError(Exception):
    """The rest cannot be read."""


def read(text: str, file: str) -> Tree:
    """The tree of a text, with complaints about all that can be told without knowing what it is for."""
    reader = _Reader(text, file)
    try:
        root = reader.whole()
    except _UnreadableError:
        root = None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        root = None
        reader.complain(mark, _said(error, text, mark))
    except UnicodeEncodeError as error:  # a text that came from elsewhere: a file's is UTF-8
        root = None
        line = text.count("\n", 0, error.start) + 1
        reader.complaints.append(Complaint(file, line, "", "it holds half of a sign: write it anew"))
    except yaml.YAMLError as error:
        root = None
        at = getattr(error, "position", 0)
        line = text.count("\n", 0, at) + 1 if isinstance(at, int) else 1
        reader.complaints.append(
            Complaint(file, line, "", "it holds a control character, which YAML forbids: remove it")
        )
    return Tree(root, reader.complaints)


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.complaints: list[Complaint] = []
        self.anchors: dict[str, Item] = {}
        self.size = 0
        self.lines = len(_BREAKS.findall(text)) + 1
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def whole(self) -> Item:
        next(self.events)  # the stream's begin
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Mapped({}, {}, 1, 1)
        root = self.item(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.stopped(after.start_mark, "a second document begins here (`---`): one file holds one")
        return Mapped({}, {}, 1, 1) if isinstance(root, Scalar) and root.is_null else root

    def item(self, event: Any, depth: int) -> Item:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > DEEPEST:
            raise self.stopped(event.start_mark, f"this is nested more than {DEEPEST} deep: nothing here needs that")
        if event.tag and event.tag not in {"!", "?"}:
            self.complain(event.start_mark, f"tags such as {event.tag} mean nothing here: remove it")
        before = self.size
        self.count(1, event.start_mark)
        made = self.made(event, depth, before)
        if event.anchor:
            self.anchors[event.anchor] = made
        return made

    def made(self, event: Any, depth: int, before: int) -> Item:
        at = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            return Scalar(event.value, *at, is_plain=not style, is_block=style in {"|", ">"})
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.item(inner, depth + 1))
            return Listed(items, *at, size=self.size - before)
        return self.mapped(at, depth, before)

    def mapped(self, at: tuple[int, int], depth: int, before: int) -> Mapped:
        entries: dict[str, Item] = {}
        keys: dict[str, Scalar] = {}
        merged: list[Item] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.item(event, depth + 1)
            value = self.item(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.complain(event.start_mark, "a key has to be one word, not a list or a mapping")
            elif key.is_plain and key.text == _MERGE:
                merged += value.items if isinstance(value, Listed) else [value]
            elif key.text in keys:
                first = keys[key.text].line
                self.complain(event.start_mark, f"{key.text[:60]!r} stands twice here, first in line {first}: keep one")
            else:
                keys[key.text], entries[key.text] = key, value
        for each in merged:
            self.merge(each, entries, keys)
        return Mapped(entries, keys, *at, size=self.size - before)

    def merge(self, other: Item, entries: dict[str, Item], keys: dict[str, Scalar]) -> None:
        if not isinstance(other, Mapped):
            told = f"`{_MERGE}` takes a mapping, or a list of them"
            self.complaints.append(Complaint(self.file, other.line, "", told, other.column))
            return
        for name, value in other.entries.items():
            if name not in entries:
                keys[name], entries[name] = other.keys[name], value

    def alias(self, event: Any) -> Item:
        found = self.anchors.get(event.anchor)
        if found is None:
            told = f"*{event.anchor} refers to nothing that was named before (&{event.anchor});"
            raise self.stopped(event.start_mark, f"{told} a text that begins with * needs quotation marks")
        self.count(found.size, event.start_mark)
        return found

    def count(self, more: int, mark: Any) -> None:
        self.size += more
        if self.size > MOST:
            raise self.stopped(mark, f"this is more than {MOST:,} values (with those that aliases repeat): shorten it")

    def complain(self, mark: Any, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 0)
        if line > self.lines:  # the parser is behind the end
            line, column = self.lines, 0
        self.complaints.append(Complaint(self.file, line, "", message, column))

    def stopped(self, mark: Any, message: str) -> _UnreadableError:
        self.complain(mark, message)
        return _UnreadableError()


def _said(error: yaml.MarkedYAMLError, text: str, mark: Any) -> str:
    """What YAML's parser says, and what mostly is behind it."""
    problem = (error.problem or "it cannot be read").strip()
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    rest = line[mark.column :] if mark else ""
    value = line.partition(": ")[2].strip() or line.strip().removeprefix("- ")
    if "\t" in line[: len(line) - len(line.lstrip())] or rest.startswith("\t"):
        return "a tab stands here: YAML is indented with spaces"
    if value[:1] in {"*", "&", "@", "`", "%", "!", "|", ">"}:
        return f"a text that begins with {value[0]} needs quotation marks ({problem})"
    if "mapping values are not allowed" in problem:
        return 'a text with ": " in it needs quotation marks; or the indentation is wrong'
    if "found unexpected end of stream" in problem or "unexpected end" in problem:
        return "a quotation mark or bracket is never closed"
    return f"this is no YAML: {problem}; look at the indentation and quotation marks here and in the line before"
