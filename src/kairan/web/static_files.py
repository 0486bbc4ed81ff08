"""Own style sheets and scripts, served by the application itself: no collected folder, no second server."""

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]  # ships no types
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]  # ships no types


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # its base is untyped
    """WhiteNoise, but the file is read at once: ours are small, and under ASGI Django warns of its stream."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
