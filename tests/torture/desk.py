"""Hands documents in as the pages do, or makes somebody's token. Runs on the data folder of KAIRAN_DATA.

`python -m tests.torture.desk REPORT...` prints the uploads' numbers; without a report: a token.
"""

import sys
from pathlib import Path

from kairan.entrypoints.running import store
from kairan.runtime import clock


def _hand_in(path: str) -> int:
    from kairan.services.uploads import receive

    return receive(Path(path).name, iter([Path(path).read_bytes()]), {}, None, clock.now())


def _token() -> str:
    from kairan.domain.rights import Role
    from kairan.services import tokens
    from kairan.store.models import Person

    person = Person.objects.create(username="torture", role=Role.ADMINISTRATOR, created_at=clock.now())
    return tokens.create(person.pk, "torture", "write", None, clock.now(), "torture")[0]


if __name__ == "__main__":
    with store():
        print(*(map(_hand_in, sys.argv[1:]) if sys.argv[1:] else [_token()]))
