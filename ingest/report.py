"""What an import tells its caller: how far it is, what it changed, what it could not read."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

# Enough to find the fault; a broken file has as many as it has rows.
LISTED_REJECTIONS = 1_000


class Phase(StrEnum):
    READING = "reading"
    MERGING = "merging"


# (phase, done, total): bytes of the source while READING, rows while MERGING. `done` never falls within a phase.
Progress = Callable[[Phase, int, int], None]

# (table, ids that were inserted or changed), after their transaction committed; at most one batch of ids at a time.
OnMerged = Callable[[str, Sequence[UUID]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that was not imported. `reason` never quotes the row: its values are a patient's."""

    file: str
    line: int
    reason: str
    column: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


@dataclass(slots=True)
class Count:
    """What became of the rows of one table or kind."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.inserted + self.updated + self.unchanged


@dataclass(slots=True)
class ImportReport:
    """The outcome of one import."""

    # By table (organizations, practitioners, patients, encounters), then by kind of event.
    counts: dict[str, Count] = field(default_factory=dict)
    # The first LISTED_REJECTIONS of `rejected_total`.
    rejected: list[Rejection] = field(default_factory=list)
    rejected_total: int = 0
    # Files that Synthea writes and this source does not have.
    absent: tuple[str, ...] = ()
    # Wall time of each phase.
    seconds: dict[Phase, float] = field(default_factory=dict)

    def reject(self, rejection: Rejection) -> None:
        self.rejected_total += 1
        if len(self.rejected) < LISTED_REJECTIONS:
            self.rejected.append(rejection)

    @property
    def events(self) -> int:
        """History events that the source holds and the database now has."""
        return sum(count.total for name, count in self.counts.items() if name.isupper())

    @property
    def changed(self) -> int:
        """Rows of every table that were inserted or updated."""
        return sum(count.inserted + count.updated for count in self.counts.values())
