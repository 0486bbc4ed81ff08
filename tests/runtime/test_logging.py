"""What the log says: everything to machines, to people on a terminal only what they should know of."""

import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from kairan.runtime import logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(("place", "said"), [(Terminal, ["it failed"]), (io.StringIO, ["it fired", "it failed"])])
def test_a_terminal_shows_warnings_a_file_everything(
    monkeypatch: pytest.MonkeyPatch, place: type[io.StringIO], said: list[str]
) -> None:
    written = place()
    monkeypatch.setattr(sys, "stderr", written)
    logging.configure()
    log = structlog.get_logger("kairan.test")
    log.info("it fired")
    log.warning("it failed")
    lines = written.getvalue().splitlines()
    assert len(lines) == len(said)
    assert all(each in line for each, line in zip(said, lines, strict=True))
