"""Logging: one line per event on standard error: JSON; on a terminal for people, and only what they should know of.

Secrets are never given to it; what libraries say of an address loses the token that it may hold.
"""

import logging
import re
import sys

import structlog


def configure() -> None:
    """Set up structlog, and route what libraries log through it."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    on_terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if on_terminal else logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    clean_records()


class WithoutTokens(logging.Filter):
    """Takes the token out of a one-time link: whoever reads the log could use it before its person does."""

    def filter(self, record: logging.LogRecord) -> bool:
        if "/setup/" in (said := record.getMessage()):
            record.msg, record.args = _without_tokens(said), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _without_tokens(logging.Formatter().formatException(record.exc_info))
        return True


class WithoutTraces(logging.Filter):
    """Takes the traceback off answers that a visitor caused (403, 404 …): they are no fault of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True


_SPEAK_OF_ADDRESSES = ("django.request", "django.security.csrf", "uvicorn.error", "uvicorn.access")
_ONE_TIME_LINK = re.compile(r"/setup/[^/\s]+")


def clean_records() -> None:
    """Also where another server than ours serves the pages, with handlers of its own. Twice is once."""
    root = logging.getLogger()
    for place in (*root.handlers, *map(logging.getLogger, _SPEAK_OF_ADDRESSES)):
        for kind in (WithoutTraces, WithoutTokens):
            if not any(isinstance(each, kind) for each in place.filters):
                place.addFilter(kind())


def _without_tokens(text: str) -> str:
    return _ONE_TIME_LINK.sub("/setup/…", text)
