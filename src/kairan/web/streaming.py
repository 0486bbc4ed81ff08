"""Long answers, piece by piece. Under ASGI Django would gather an ordinary iterator before it sends the first byte."""

from collections.abc import AsyncIterator, Iterator
from typing import AnyStr

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(request: HttpRequest, pieces: Iterator[AnyStr], content_type: str, filename: str) -> StreamingHttpResponse:
    """A file to download, made while it is sent."""
    content = _one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(content, content_type=content_type, headers=disposition)


async def _one_by_one(pieces: Iterator[AnyStr]) -> AsyncIterator[AnyStr]:
    """In the request's thread, where its database connection is, while the server serves others."""
    take = sync_to_async(lambda: next(pieces, None))
    while (piece := await take()) is not None:
        yield piece
