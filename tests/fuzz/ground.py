"""A database of its own for `make fuzz`; in the suite, pytest's stands in."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.targets import Target


@contextmanager
def ground() -> Iterator[Sequence[Target]]:
    """All targets, on an embedded server in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kairan-fuzz-"))
    folder.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(KAIRAN_DATA=str(folder), KAIRAN_SECRET_KEY="only-for-tests", KAIRAN_API_RATE="0")
    try:
        from kairan.entrypoints.running import store

        with store():
            logging.disable()  # thousands of refusals
            from tests.fuzz.stored import stored_targets
            from tests.fuzz.targets import WITHOUT_STORE

            yield (*WITHOUT_STORE, *stored_targets(folder / "archive"))
            _check()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check() -> None:
    """What all those imports left holds its invariants."""
    from kairan.store.connection import raw_cursor
    from tests.stores import broken_invariants

    broken = broken_invariants(raw_cursor())
    assert not broken, broken
