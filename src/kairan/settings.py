"""Django's settings. Nothing here is meant to be edited by an operator: `kairan.yaml` and the environment are."""

import os
from pathlib import Path

from kairan.runtime.database import database_settings
from kairan.runtime.environment import number

_HERE = Path(__file__).parent

DEBUG = False
SECRET_KEY = os.environ.get("KAIRAN_SECRET_KEY", "")  # the entrypoints that serve pages set it (runtime.keys)
# A page answers only to names it was told: a forged Host header would otherwise put itself into links and let another
# site's name lead to this server (DNS rebinding). `kairan up --host` and the operator add names through KAIRAN_HOSTS.
_NAMES = [host.strip() for host in os.environ.get("KAIRAN_HOSTS", "").split(",")]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, _NAMES)]
DATABASES = {"default": database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "kairan.Person"
AUTHENTICATION_BACKENDS = ["kairan.web.accounts.backend.PasswordBackend"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "kairan.store",
    "kairan.web",
]

MIDDLEWARE = [
    "kairan.web.security.Health",
    "django.middleware.security.SecurityMiddleware",
    "kairan.web.static_files.StaticFiles",
    "kairan.web.security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kairan.web.security.PersonalLocale",
    "kairan.web.security.DenyByDefault",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "kairan.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "web" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kairan.web.context.frame",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "kairan.web.templatetags.kairan"],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [_HERE / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [_HERE / "web" / "static"]
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGIN_URL = "login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "kairan.web.errors.stale_form"
# Kairan serves plain HTTP on loopback by default; behind TLS the operator says so and cookies become Secure.
_TLS = os.environ.get("KAIRAN_TLS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if _TLS else 0
# How many proxies of ours stand in front: the last so many entries of X-Forwarded-For are theirs (web.address).
PROXIES = number("KAIRAN_PROXIES", int(_TLS))
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
API_RATE = number("KAIRAN_API_RATE", 600)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

PROCRASTINATE_ON_APP_READY = None
LOGGING_CONFIG = None
# The login name is unique whatever its case: a constraint on Lower(username), which this check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
