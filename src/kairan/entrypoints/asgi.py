"""The ASGI application, for uvicorn or any other server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kairan.settings")

from kairan.runtime.keys import secret_key

os.environ.setdefault("KAIRAN_SECRET_KEY", secret_key())

from django.core.asgi import get_asgi_application

app = get_asgi_application()
