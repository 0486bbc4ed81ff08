"""Long answers, line by line. Under ASGI Django would gather an ordinary iterator before it sends the first byte."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(request: HttpRequest, lines: Iterator[str], content_type: str, filename: str) -> StreamingHttpResponse:
    """A file to download, made while it is sent."""
    content = _one_by_one(lines) if isinstance(request, ASGIRequest) else lines
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(content, content_type=content_type, headers=disposition)


async def _one_by_one(lines: Iterator[str]) -> AsyncIterator[str]:
    take = sync_to_async(lambda: next(lines, None))
    while (line := await take()) is not None:
        yield line
