"""From a tree to the structs of domain.config: every item is looked at, whatever is wrong with those before it.

What is wanted where is read off the struct types (msgspec.inspect). A wrong item that may be left out is left out, and
complained about, so that the rest can still be held against each other.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import inspect

from kairan.domain.complaint import Complaint
from kairan.domain.config import Config
from kairan.services.config_file.tree import Item, Listed, Mapped, Scalar

_WRONG = object()
_YES, _NO = {"true", "yes", "on"}, {"false", "no", "off"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_STEPS = re.compile(r"([^\[]+)|\[([0-9]+)\]")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


class Reading:
    """What was read of a file. `places` tells where each path of keys stands; `lost` are sections that miss an item."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.complaints: list[Complaint] = []
        self.places: dict[str, Item] = {}
        self.keys: dict[str, Scalar] = {}
        self.lost: set[str] = set()
        self._kept: dict[str, list[int]] = {}

    def config(self, root: Item) -> Config | None:
        """The whole file. None where it is something else altogether."""
        found = self._read(inspect.type_info(Config), root, "")
        return found if isinstance(found, Config) else None

    def complain(self, path: str, message: str, *, column: int = 0) -> None:
        """About what stands at a path, or the nearest place above it."""
        self.complaints.append(Complaint(self.file, self.line(path), path, message, column))

    def complain_of(self, path: str, message: str, *, column: int = 0) -> None:
        """The same about an item of the configuration: counted without those that were left out as wrong."""
        self.complain(self.written(path), message, column=column)

    def written(self, path: str) -> str:
        """Where the configuration's item stands in the file."""
        found = ""
        for name, number in _STEPS.findall(path):
            if number:
                kept = self._kept.get(found, ())
                number = kept[int(number)] if int(number) < len(kept) else number
                found = f"{found}[{number}]"
            else:
                found = f"{found}{name}"
        return found

    def line(self, path: str) -> int:
        while path and path not in self.keys and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        found = self.keys.get(path) or self.places.get(path)
        return found.line if found else 1

    # --- by type ---------------------------------------------------------------------------------------------------

    def _read(self, kind: inspect.Type, item: Item, path: str) -> Any:
        self.places[path] = item
        match kind:
            case inspect.Metadata():
                return self._described(kind, item, path)
            case inspect.StructType():
                return self._struct(kind, item, path)
            case inspect.VarTupleType():
                return self._list(kind, item, path)
            case inspect.DictType():
                return self._dict(kind, item, path)
            case inspect.UnionType():
                return self._union(kind, item, path)
            case inspect.AnyType() | inspect.CustomType():  # `object`
                return plain(item)
            case _:
                return self._scalar(kind, item, path)

    def _struct(self, kind: inspect.StructType, item: Item, path: str) -> Any:
        names = [each.name for each in kind.fields]
        if not isinstance(item, Mapped):
            return self._wrong(path, f"needs keys here ({', '.join(names)}), not {_what(item)}")
        for name in item.entries.keys() - set(names):
            self.keys[_joined(path, name)] = item.keys[name]
            self._wrong(_joined(path, name), f"there is no such key;{_near(name, names)}")
        values = dict(self._fields(kind, item, path))
        if _WRONG in values.values():
            self.lost.add(path.partition("[")[0].partition(".")[0])
            return _WRONG
        return kind.cls(**values)

    def _fields(self, kind: inspect.StructType, item: Mapped, path: str) -> Iterator[tuple[str, Any]]:
        for each in kind.fields:
            inner = item.entries.get(each.name)
            at = _joined(path, each.name)
            if inner is not None:
                self.keys[at] = item.keys[each.name]
            if inner is not None and not (isinstance(inner, Scalar) and inner.is_null):
                read = self._read(each.type, inner, at)
                if read is not _WRONG or each.required:
                    yield each.name, read
            elif each.required:
                empty = "is empty: write its value (one that begins with # needs quotation marks)"
                yield each.name, self._wrong(at, empty if inner else "is missing: it is needed here")

    def _list(self, kind: inspect.VarTupleType, item: Item, path: str) -> Any:
        if isinstance(item, Scalar) and isinstance(_bare(kind.item_type), inspect.StrType):
            item = Listed([item], item.line, item.column)  # one text alone is a list of one
        if not isinstance(item, Listed):
            return self._wrong(path, f"needs a list here (each item begins with `- `), not {_what(item)}")
        read = [self._read(kind.item_type, each, f"{path}[{at}]") for at, each in enumerate(item.items)]
        self._kept[path] = [at for at, each in enumerate(read) if each is not _WRONG]
        return tuple(each for each in read if each is not _WRONG)

    def _dict(self, kind: inspect.DictType, item: Item, path: str) -> Any:
        if not isinstance(item, Mapped):
            return self._wrong(path, f"needs `name: value` lines here, not {_what(item)}")
        found = {}
        for name, inner in item.entries.items():
            at = _joined(path, name)
            self.keys[at] = item.keys[name]
            read = self._read(kind.value_type, inner, at)
            if read is not _WRONG:
                found[name] = read
        return found

    def _union(self, kind: inspect.UnionType, item: Item, path: str) -> Any:
        """Something or nothing: None, or the empty text."""
        is_text = any(isinstance(_bare(each), inspect.StrType | inspect.LiteralType) for each in kind.types)
        if is_text and isinstance(item, Scalar) and not item.text and not item.is_plain:
            return ""
        first = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
        return self._read(first, item, path)

    def _described(self, kind: inspect.Metadata, item: Item, path: str) -> Any:
        hint = (kind.extra_json_schema or {}).get("description", "")
        read = self._read(kind.type, item, path)
        if read is _WRONG and hint:
            last = self.complaints[-1]
            self.complaints[-1] = Complaint(last.file, last.line, last.key, f"{last.message}: {hint}", last.column)
        return read

    def _scalar(self, kind: inspect.Type, item: Item, path: str) -> Any:
        if not isinstance(item, Scalar):
            return self._wrong(path, f"needs one value here, not {_what(item)}")
        match kind:
            case inspect.StrType():
                return self._text(kind, item, path)
            case inspect.LiteralType():
                return self._word(kind, item, path)
            case inspect.BoolType():
                word = item.text.lower()
                return (
                    word in _YES
                    if word in _YES | _NO
                    else self._wrong(path, f"is true or false, not {item.text[:60]!r}")
                )
            case inspect.IntType():
                return self._number(kind, item, path)
        raise TypeError(f"{path}: the configuration's type {kind} is not foreseen")

    def _text(self, kind: inspect.StrType, item: Scalar, path: str) -> Any:
        if item.is_null:
            return self._wrong(path, "is empty: write a text (one that begins with # needs quotation marks)")
        if "\0" in item.text:
            return self._wrong(path, "holds a sign that no text may hold")
        if kind.max_length and len(item.text) > kind.max_length:
            return self._wrong(path, f"is longer than {kind.max_length} signs")
        if (kind.pattern and not re.search(kind.pattern, item.text)) or (item.text.endswith("\n") and kind.pattern):
            return self._wrong(path, f"cannot be {item.text[:60]!r}")
        return item.text

    def _word(self, kind: inspect.LiteralType, item: Scalar, path: str) -> Any:
        words = [str(each) for each in kind.values if each]
        if item.text in kind.values:
            return item.text
        return self._wrong(path, f"cannot be {item.text[:60]!r};{_near(item.text, words)}")

    def _number(self, kind: inspect.IntType, item: Scalar, path: str) -> Any:
        if item.is_plain and _INTEGER.fullmatch(item.text):
            number = int(item.text)
            if (kind.ge is None or number >= kind.ge) and (kind.le is None or number <= kind.le):
                return number
        return self._wrong(path, f"is a whole number from {kind.ge} to {kind.le}, not {item.text[:60]!r}")

    def _wrong(self, path: str, message: str) -> Any:
        self.complain(path, message)
        return _WRONG


def plain(item: Item) -> Any:
    """Lists, dicts and values, read by YAML 1.2's core schema: 0123 and no are texts."""
    match item:
        case Mapped():
            return {name: plain(each) for name, each in item.entries.items()}
        case Listed():
            return [plain(each) for each in item.items]
        case Scalar():
            return _value(item)


def _value(item: Scalar) -> Any:
    if not item.is_plain:
        return item.text
    if item.is_null:
        return None
    if item.text.lower() in {"true", "false"}:
        return item.text.lower() == "true"
    if _INTEGER.fullmatch(item.text):
        return int(item.text)
    return float(item.text) if _FLOAT.fullmatch(item.text) and not item.text.isdigit() else item.text


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _what(item: Item) -> str:
    match item:
        case Mapped():
            return "keys"
        case Listed():
            return "a list"
        case Scalar():
            return "nothing" if item.is_null else f"the text {item.text[:60]!r}"


def _near(word: str, known: Iterable[str]) -> str:
    """The word that was meant, or all there are."""
    words = list(known)
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f" {near[0]!r}?" if near else f" there are: {', '.join(words)}"
