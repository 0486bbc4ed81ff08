"""Addresses of lists that answer a question: the findings of a package, of an asset, of one severity."""

from django.http import QueryDict
from django.urls import reverse

from kairan.domain.query.parse import LONGEST
from kairan.domain.query.terms import written

OPEN = "is:open"


def findings(*terms: str, **values: str | None) -> str:
    """The list's address with this query: terms as they stand, and `key="a value"` (`asset_kind` is `asset-kind`).

    An empty value asks for those without any (`path:""`: found in no file of the asset); None does not ask.
    "" where the query would be longer than a query may be: a link that leads to an error is none.
    """
    said = [written(key.replace("_", "-"), [value]) for key, value in values.items() if value is not None]
    text = " ".join([*terms, *said])
    if len(text) > LONGEST:
        return ""
    query = QueryDict(mutable=True)
    query["q"] = text
    return f"{reverse('findings')}?{query.urlencode()}"
