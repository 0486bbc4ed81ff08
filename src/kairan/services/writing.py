"""The second half of taking a report in: from staged rows to the store."""

from dataclasses import dataclass

from kairan.domain.closing import Absences, hold_reason
from kairan.domain.counts import Counts
from kairan.domain.finding import Absence, Outcome
from kairan.services import aliases as alias_service
from kairan.services.snapshot import Snapshot
from kairan.store.queries import aliases, epss, held, ingest, intake, late, shared_rows, traits, unrouted, window_folds


@dataclass(slots=True)
class Writing:
    """A snapshot that is written. `counts` are its own copy: a lost race is written once more, by another one."""

    of: Snapshot
    counts: Counts

    def apply(self) -> None:
        """All steps, in their order."""
        if self.of.windows > 1:
            unchanged, merged = window_folds.fold_windows(self.of.cursor)
            self.counts.add(Outcome.UNCHANGED, unchanged)
            self.counts.add(Outcome.MERGED, merged)
        self.of.staging.analyze()
        past = self._set_late_aside()
        self._apply_shared()
        if past:
            late.fill_past(self.of.cursor, self.of.as_of, self.of.now, self.of.run)
        self._apply_present()
        self._close_books()

    def _apply_shared(self) -> None:
        """Ids, advisories, packages, assets: nobody is waited for where there is nothing to say of them."""
        cursor, filled = self.of.cursor, self.of.staging.filled
        fresh_aliases = aliases.unknown(cursor) if "st_alias" in filled else []
        (aliases.lock_alone if fresh_aliases else aliases.lock_shared)(cursor, ingest.ALIAS_LOCK)
        if "st_ident" in filled:
            shared_rows.add_identifiers(cursor, self.of.now)
        if "st_advisory" in filled:
            self.counts.advisories += shared_rows.put_advisories(cursor, self.of.as_of)
        if "st_epss" in filled:
            epss.put(cursor, self.of.as_of)
        if fresh_aliases:
            aliases.add(cursor, fresh_aliases, self.of.now)
            touched = {value for a in fresh_aliases for value in (a.left, a.right)}
            alias_service.regroup(cursor, touched, self.of.now, self.of.run)
        if "st_package" in filled:
            shared_rows.add_packages(cursor)
        if "st_asset" in filled:
            shared_rows.add_assets(cursor, self.of.now)

    def _set_late_aside(self) -> bool:
        """Records older than what is known count as unchanged; they go another way (store.queries.late)."""
        if not intake.spoken_of_since(self.of.cursor, [s.id for s in self.of.scopes if s.id], self.of.as_of):
            return False
        window_folds.unite_with_ended(self.of.cursor, self.of.as_of, self.of.adding, self.of.told_at_once)
        complete = [
            (s.id, s.claim.complete and s.claim.looked) for s in self.of.scopes if s.id in self.of.late and s.id
        ]
        records = late.take(self.of.cursor, complete, self.of.as_of)
        self.counts.add(Outcome.UNCHANGED, records)
        self.counts.stale += bool(self.of.late)
        return True

    def _apply_present(self) -> None:
        differs = "st_sighting" in self.of.staging.filled
        if differs:
            ingest.resolve(self.of.cursor)
            ingest.add_findings(self.of.cursor, self.of.as_of)
        read_anew = [s.id for s in self.of.newest if s.id and s.is_again(self.of.as_of)]
        spared = [scope for scope in read_anew if scope in self.of.told_at_once]
        ends = ingest.plan_endings(self.of.cursor, spared + self._hold_closings(read_anew), read_anew)
        if differs or ends:
            self._write_findings()
        if "st_part" in self.of.staging.filled:
            for name, number in ingest.outcomes_of_parts(self.of.cursor, list(self.of.late)).items():
                self.counts.add(Outcome(name), number)

    def _write_findings(self) -> None:
        cursor = self.of.cursor
        ingest.lock_findings(cursor)
        ingest.put_sightings(cursor, self.of.as_of)
        ingest.end_sightings(cursor, self.of.as_of)
        ingest.settle_findings(cursor)
        traits.add_traits(cursor)
        ingest.add_events(cursor, self.of.as_of, self.of.now, self.of.run)
        for name, number in ingest.outcomes(cursor).items():
            self.counts.add(Outcome(name), number)
        self.counts.fixed += ingest.ended_by_absence(cursor)
        unrouted.add_staged(cursor, self.of.run, self.of.now)

    def _hold_closings(self, read_anew: list[int]) -> list[int]:
        """Scopes whose closings wait for a person. Absence speaks only in complete, newest snapshots."""
        speaking = {
            s.id: s
            for s in self.of.newest
            if s.claim.complete and s.claim.absence is not Absence.UNKNOWN and not s.is_new
        }
        reasons: dict[int, str] = {}
        for scope, (live, absent) in ingest.absences(self.of.cursor, [i for i in speaking if i], self.of.as_of).items():
            claim = speaking[scope].claim
            if scope in read_anew:
                continue
            new_version = bool(claim.version) and claim.version != speaking[scope].version
            if reason := hold_reason(Absences(claim.looked, live, absent, new_version)):
                reasons[scope] = reason.value
        held.replace(self.of.cursor, [i for i, s in speaking.items() if i and s.claim.looked], self.of.as_of)
        held.hold(self.of.cursor, self.of.run, self.of.as_of, reasons)
        self.counts.held += held.held_at(self.of.cursor, [s.id for s in self.of.scopes if s.id], self.of.as_of)
        return list(reasons)

    def _close_books(self) -> None:
        looked = [s for s in self.of.scopes if s.id is not None and s.claim.looked]
        seen = [(s.id, s.claim.complete, s.claim.version) for s in looked if s.id]
        intake.add_snapshots(self.of.cursor, self.of.run, self.of.as_of, seen)
        moved = [s for s in looked if s.claim.complete and s.id not in self.of.late]
        intake.move_watermarks(self.of.cursor, moved, self.of.as_of, self.of.again)
        if self.of.replayed is not None:
            self.of.replayed.update((s.id, self.of.as_of) for s in self.of.scopes if s.id)
