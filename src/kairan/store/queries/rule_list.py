"""What became of the rules: their cases, and when one last opened any."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Use:
    """Cases a rule opened. `added`: open cases of earlier rules that it added whom to tell to."""

    open: int = 0
    all: int = 0
    last_opened: datetime | None = None
    added: int = 0


_USES = SQL(
    """
    select coalesce(o.rule, a.rule), coalesce(o.open, 0), coalesce(o.all, 0), o.last, coalesce(a.added, 0)
    from (select rule, count(*) filter (where state = 'open') as open, count(*) as all, max(opened_at) as last
          from cases where merged_into_id is null group by rule) o
    full join (select rule, count(*) as added
               from (select unnest(also) as rule from cases where state = 'open' and merged_into_id is null) x
               group by rule) a on a.rule = o.rule
    """
)


def uses() -> dict[str, Use]:
    """Each rule that ever opened or joined a case, by its name; also such as are no longer configured."""
    return {name: read(Use, row) for name, *row in fetch(_USES)}
