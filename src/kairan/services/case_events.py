"""What happened to cases: kept in their timeline, and told to whom the rules name."""

from collections.abc import Sequence
from datetime import datetime

from kairan.domain.news import News
from kairan.services import configuration, tell
from kairan.store.queries import case_log


def record(cursor: case_log.Cursor, news: Sequence[News], now: datetime) -> None:
    """Write the events and have the rules' people told; in the transaction that made the news.

    Nothing is told of a silent baseline before it is released: neither of a case that was not told (`told_at`), nor of
    a part of it.
    """
    if not news:
        return
    case_log.add(cursor, news, now)
    silent = case_log.silent(cursor, news)
    loud = [each for each in news if each.case not in silent.cases and each.part not in silent.parts]
    if loud:
        tell.news(cursor, configuration.active(), loud, now)
