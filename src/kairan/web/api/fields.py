"""Kinds of values that requests and answers are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from kairan.domain.severity import Severity
from kairan.web.api import cursors

_MOST = 2**63 - 1  # of a bigint


def _storable(text: str) -> str:
    """No text of the store holds NUL or half a surrogate pair, so none is looked for either."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("it holds a sign that no text of Kairan may hold (NUL or half a surrogate pair)")
    return text


def _finding(value: object) -> object:
    text = str(value)
    if len(text) < 3 or text[:2].upper() != "F-" or not (text[2:].isascii() and text[2:].isdigit()):
        raise ValueError("a finding's id is written F-123")
    return text[2:]


def _case(value: object) -> object:
    text = str(value)
    if len(text) < 3 or text[:2].upper() != "C-" or not (text[2:].isascii() and text[2:].isdigit()):
        raise ValueError("a case's id is written C-123")
    return text[2:]


def written(instant: datetime) -> str:
    """ISO 8601 in UTC, with all that the store knows of it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


Text = Annotated[str, AfterValidator(_storable)]
Instant = Annotated[
    datetime,
    PlainSerializer(written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-21T09:30:00Z"]}),
]
SeverityWord = Annotated[
    Severity,
    PlainSerializer(lambda severity: severity.word, return_type=str),
    WithJsonSchema({"type": "string", "enum": [each.word for each in sorted(Severity, reverse=True)]}),
]
FindingId = Annotated[
    int,
    PlainSerializer(lambda number: f"F-{number}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^F-[0-9]+$", "examples": ["F-123"]}),
]
Number = Annotated[int, Field(ge=1, le=_MOST)]
FindingPath = Annotated[
    int,
    BeforeValidator(_finding),
    Field(ge=0, le=_MOST),
    WithJsonSchema({"type": "string", "pattern": "^[Ff]-[0-9]{1,18}$", "examples": ["F-123"]}),
]


CaseId = Annotated[
    int,
    PlainSerializer(lambda number: f"C-{number}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^C-[0-9]+$", "examples": ["C-12"]}),
]
CasePath = Annotated[
    int,
    BeforeValidator(_case),
    Field(ge=0, le=_MOST),
    WithJsonSchema({"type": "string", "pattern": "^[Cc]-[0-9]{1,18}$", "examples": ["C-12"]}),
]


class Answer(BaseModel):
    """Made from the store's values, which are checked already."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """Parameters of a list that goes on behind a cursor."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1_000, description="How many at most.")
    cursor: str = Field(
        "",
        max_length=cursors.LONGEST,
        description="Where to go on: `next` of the answer before, with otherwise the same parameters.",
    )


class Listed(Answer):
    """A page of a list."""

    next: str | None = Field(description="The cursor of the page that follows; null on the last one.")
