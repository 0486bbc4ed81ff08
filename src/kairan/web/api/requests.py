"""What a request may hold: known parameters, a body of a known kind and size."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from kairan.web.api import problems
from kairan.web.api.problems import ProblemError


@dataclass(frozen=True, slots=True)
class Body:
    """The body an operation takes. `most` bytes are read at once; None: the operation reads it piece by piece."""

    media: Sequence[str]
    most: int | None = 64 << 10

    def check(self, request: HttpRequest) -> None:
        given = (request.content_type or "").lower()
        if not any(_fits(given, media) for media in self.media):
            said = f"not {given}" if given else "and the request names none"
            raise ProblemError(
                problems.UNSUPPORTED_MEDIA_TYPE, f"the content type has to be {' or '.join(self.media)}, {said}"
            )
        if self.most is not None:
            self._read(request, self.most)

    def _read(self, request: HttpRequest, most: int) -> None:
        """Read it here, bounded: `request.body` trusts the length that the request declares."""
        data = request.read(most + 1)
        if len(data) > most:
            raise ProblemError(problems.TOO_LARGE, f"the body is longer than {most} bytes")
        request._body = data  # where HttpRequest.body looks first


def _fits(given: str, media: str) -> bool:
    """`application/*+json` stands for every kind of JSON."""
    start, star, end = media.partition("*")
    return given.startswith(start) and given.endswith(end) if star else given == media


def check_parameters(request: HttpRequest, known: frozenset[str]) -> None:
    """A misspelt parameter is refused: an answer that ignored it would look like one that heeded it."""
    errors = []
    for name in request.GET:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known)) or 'none'}"
            errors.append({"where": f"query.{name}", "message": f"there is no such parameter: {hint}"})
    if errors:
        raise invalid(errors)


def invalid(errors: Sequence[dict[str, str]]) -> ProblemError:
    told = [{name: text.encode("utf-8", "replace").decode() for name, text in error.items()} for error in errors]
    return ProblemError(problems.INVALID, f"{told[0]['where']}: {told[0]['message']}", members={"errors": told})
