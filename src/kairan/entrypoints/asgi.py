"""The ASGI application, for uvicorn or any other server."""

from django.core.asgi import get_asgi_application

from kairan.entrypoints.django_setup import setup

setup(serving=True)
app = get_asgi_application()
