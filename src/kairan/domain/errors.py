"""The one small tree of errors. Each message says what is wrong, where, and what to do."""


class KairanError(Exception):
    """Anything Kairan can tell a person in one clear line, without a traceback."""


class ConfigError(KairanError):
    """A setting, flag or file of ours is wrong. `file` and `line` say where, when that is known."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        self.file = file
        self.line = line
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message)


class OptionError(ConfigError):
    """What a person says of a report, beside it, cannot be used. `code` tells what is wrong from all else.

    The message has its `parts` in curly brackets. A page says it in its own words and language, by the code: a form
    has fields where the command line has flags.
    """

    def __init__(self, code: str, message: str, **parts: str) -> None:
        self.code, self.parts = code, parts
        super().__init__(message.format(**parts))


class SourceError(KairanError):
    """A source's answer cannot be used: unreadable, not a report, or a report of another tool."""


class RecordError(KairanError):
    """One record cannot be used. The record is rejected and kept; the rest of the answer goes on."""


class QueryError(KairanError):
    """A query cannot be understood. `position` is where, counted from 0.

    `message` has its `parts` in curly brackets: so that a page can say it in another language.
    """

    def __init__(self, message: str, position: int, **parts: str) -> None:
        self.message, self.parts = message, parts
        self.position = position
        super().__init__(f"{message.format(**parts)} (at {position + 1})")


class DatabaseError(KairanError):
    """The database cannot be started or reached."""


class IllegalTransition(KairanError):  # noqa: N818 - the field's word
    """A move that the state does not allow."""


class ForbiddenError(KairanError):
    """Somebody wants what they have no right to. Pages answer 403, the API too; the attempt is in the audit log."""
