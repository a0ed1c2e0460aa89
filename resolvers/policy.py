"""Who may see what: every row passes the policy after it was loaded, never before it is stored or shared."""

from typing import Protocol

from db.directory import OrganizationRow, PractitionerRow
from db.encounters import EncounterRow
from db.history import EventRow
from db.patients import PatientRow

Row = PatientRow | EncounterRow | EventRow | OrganizationRow | PractitionerRow


class Forbidden(Exception):
    """The caller may not see this record."""

    code = "FORBIDDEN"

    def __init__(self) -> None:
        super().__init__("you may not see this record")


class Policy(Protocol):
    """What one caller may see."""

    @property
    def unrestricted(self) -> bool:
        """Whether everything is permitted, so that a total counted in the database is the caller's total."""

    def permits(self, row: Row) -> bool:
        """Whether the caller may see a row."""


class AllowAll:
    """The policy until access control is built."""

    unrestricted = True

    def permits(self, row: Row) -> bool:
        return True
