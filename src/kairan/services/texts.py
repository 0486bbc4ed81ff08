"""Staging of advisories: of each text only the one to keep, and only where it differs from what is stored."""

from collections.abc import Iterable

from kairan.domain.finding import Advisory, RecordKind, advisory_digest
from kairan.domain.vulnerability import normalise_id
from kairan.store.queries import shared_rows
from kairan.store.queries.staging import Staging, advisory_row


def stage_advisories(staging: Staging, texts: Iterable[Advisory], parser_version: int) -> int:
    """Stage the texts that differ from the stored ones, and every EPSS. Returns how many texts differ."""
    by_publisher: dict[str, dict[str, tuple[Advisory, bytes]]] = {}
    epss: set[tuple[str, float, float | None, str]] = set()
    for text in texts:
        if text.epss:
            said = text.epss
            epss.add((normalise_id(said.id), said.probability, said.percentile, text.publisher))
        digest = advisory_digest(text, parser_version)
        mine = by_publisher.setdefault(text.publisher, {})
        known = mine.get(text.external_id)
        if known is None or digest > known[1]:
            mine[text.external_id] = (text, digest)
    differing = 0
    for publisher, mine in by_publisher.items():
        stored = shared_rows.known_advisories(staging.cursor, publisher, list(mine))
        fresh = [pair for external_id, pair in mine.items() if stored.get(external_id) != pair[1]]
        _stage_fresh(staging, fresh)
        differing += len(fresh)
    staging.copy("st_epss", epss)
    return differing


def _stage_fresh(staging: Staging, fresh: list[tuple[Advisory, bytes]]) -> None:
    staging.copy("st_advisory", (advisory_row(text, digest) for text, digest in fresh))
    about: set[tuple[str, str, str]] = set()
    same: set[tuple[str, str, str]] = set()
    for text, _ in fresh:
        for value in {text.external_id, *text.about, *text.aliases} - {""}:
            about.add((text.publisher, text.external_id, normalise_id(value)))
        same.update((text.external_id, alias, text.publisher) for alias in text.aliases)
    staging.copy("st_about", about)
    staging.copy("st_alias", same)
    kind = RecordKind.VULNERABILITY.value
    staging.copy("st_ident", ((ident, kind) for ident in {i for _, _, i in about}))
