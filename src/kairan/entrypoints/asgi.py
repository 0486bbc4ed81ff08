"""The ASGI application, for uvicorn or any other server."""

from django.core.asgi import get_asgi_application

from kairan.entrypoints.django_setup import setup

setup(serving=True)

from kairan.entrypoints.body_limit import BodyLimit  # noqa: E402 - Django has to be set up before

app = BodyLimit(get_asgi_application())
