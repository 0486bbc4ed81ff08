"""The ASGI application, for uvicorn or any other server."""

from django.core.asgi import get_asgi_application

from kairan.entrypoints.django_setup import setup

setup(serving=True)

# Django has to be set up before.
from kairan.entrypoints.body_limit import BodyLimit  # noqa: E402
from kairan.entrypoints.patience import Patience  # noqa: E402

app = BodyLimit(Patience(get_asgi_application()))
