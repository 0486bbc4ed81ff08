"""The list's state, read from and written to the address: the query, what comes first, groups, columns, the place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from kairan.domain.query.parse import LONGEST
from kairan.store.queries.walk import Sort
from kairan.web.findings import columns

DEFAULT_QUERY = "is:open"
SORTS = (Sort.SEVERITY, Sort.FIRST_SEEN, Sort.OLDEST, Sort.CLOSED)
BY = ("vulnerability", "asset", "package", "team")
_FINDING = re.compile(r"[Ff]-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Address:
    """`columns` None: the address says nothing of them. `after` and `before` are cursors as they came: unread."""

    text: str = DEFAULT_QUERY
    sort: Sort = Sort.SEVERITY
    by: str = ""
    columns: tuple[str, ...] | None = None
    after: str = ""
    before: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """What has to be said: what goes without saying is left out."""
        said = {
            "q": self.text if self.text != DEFAULT_QUERY else None,
            "sort": self.sort.value if self.sort != Sort.SEVERITY else None,
            "by": self.by or None,
            "cols": ",".join(self.columns) if self.columns is not None else None,
            "after": self.after or None,
            "before": self.before or None,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def kept(self) -> Mapping[str, str]:
        """What a new query keeps: for the hidden fields of the query bar."""
        parameters = self.first_page.parameters
        return {name: parameters[name] for name in ("sort", "by", "cols") if name in parameters}

    @property
    def query(self) -> str:
        """All behind the `?`."""
        return urlencode(self.parameters)

    @property
    def first_page(self) -> "Address":
        return replace(self, after="", before="")

    @property
    def finding(self) -> int | None:
        """The number where the query is a finding's own: `F-123`."""
        named = _FINDING.fullmatch(self.text)
        return int(named[1]) if named else None

    def link(self, page: str = "findings", /, **changes: Any) -> str:
        """The address with changes, on its first page unless they name another."""
        changed = replace(self.first_page, **changes)
        return reverse(page) + (f"?{changed.query}" if changed.parameters else "")

    def export(self, form: str) -> str:
        """Where all that the query lets through is written, in one form."""
        said = urlencode({"q": self.text})
        return f"{reverse('findings_export', args=[form])}?{said}"


def read(parameters: QueryDict) -> Address:
    """What an address asks for. What cannot be understood asks for nothing; the query is kept as it is."""
    sort, by = parameters.get("sort", ""), parameters.get("by", "")
    return Address(
        text=_text(parameters.get("q", DEFAULT_QUERY)),
        sort=Sort(sort) if sort in SORTS else Sort.SEVERITY,
        by=by if by in BY else "",
        columns=_columns(parameters.getlist("cols")) if "cols" in parameters else None,
        after=parameters.get("after", "")[:100],
        before=parameters.get("before", "")[:100],
    )


def _text(query: str) -> str:
    """One line. PostgreSQL knows no NUL; a query too long for anybody stays too long, and is complained about."""
    return query.replace("\0", " ")[: LONGEST + 1].strip()


def _columns(said: Iterable[str]) -> tuple[str, ...]:
    """`cols=a,b` as links write it, `cols=a&cols=b` as a form does."""
    return columns.known(",".join(said).split(","))
