"""Changing a query's text term by term, as facets and chips do: the text stays what people may read and edit.

Values of one key that are asked for together stand in one term (`severity:critical,high`): a second choice of the
same facet widens it, another facet narrows.
"""

import re
from collections.abc import Collection, Sequence

from kairan.domain.query.parse import Term
from kairan.domain.query.tree import Choice, Or, Pattern

_PLAIN = re.compile(r'(?!//)[^\s\u3000()",<>=][^\s\u3000()",]*')
Terms = Sequence[Term]


def written(key: str, values: Sequence[str]) -> str:
    """A term's text: `package:openssl`, `repo:"a, b"`. A quotation mark, which no value can hold, becomes any sign."""
    return f"{key}:{','.join(map(_quoted, values))}"


def _quoted(value: str) -> str:
    """Behind a key `//` begins an address, and the whole is a word: `https://`."""
    return value if _PLAIN.fullmatch(value) else '"' + value.replace('"', "*") + '"'


def without(terms: Terms, dropped: Term) -> str:
    """The query without this term."""
    return " ".join(term.text for term in terms if term is not dropped)


def with_term(terms: Terms, added: str) -> str:
    """The query narrowed by one more term, unless it says so already."""
    texts = [_bracketed(term) for term in terms]
    return " ".join(texts if added in texts else [*texts, added])


def chosen(terms: Terms, key: str, known: Collection[str] | None = None) -> frozenset[str]:
    """The values, in lower case, that the query asks of a key in one term, if all of them are `known`."""
    term = about(terms, key, known)
    return frozenset(value.lower() for value in _values(term)) if term else frozenset()


def toggled(terms: Terms, key: str, value: str, known: Collection[str] | None = None) -> str:
    """The query that also lets this value of a key through; or, where it is chosen already, no longer asks for it."""
    term = about(terms, key, known)
    if term is None:
        return with_term(terms, written(key, [value]))
    values = _values(term)
    kept = [each for each in values if each.lower() != value.lower()]
    wanted = kept if len(kept) < len(values) else [*values, value]
    texts = [(written(key, wanted) if wanted else "") if each is term else each.text for each in terms]
    return " ".join(filter(None, texts))


def _bracketed(term: Term) -> str:
    """Alternatives lose their brackets nowhere: a term beside them would belong to the last one only."""
    alternatives = isinstance(term.node, Or) and term.is_bare
    return f"({term.text})" if alternatives else term.text


def about(terms: Terms, key: str, known: Collection[str] | None = None) -> Term | None:
    """The first term that asks for values of this key and for nothing else."""
    for term in terms:
        match term.node:
            case Choice(name, _) | Pattern(name, _) if name == key:
                values = _values(term)
                if values and (known is None or all(value in known for value in values)):
                    return term
    return None


def _values(term: Term) -> list[str]:
    match term.node:
        case Choice(_, words):
            return sorted(words)
        case Pattern(_, texts):
            return list(texts)
    return []
