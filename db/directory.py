"""The directory: organizations and practitioners, and which table an id is in."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, any_, bindparam, literal_column, select, union_all
from sqlalchemy import UUID as UUID_TYPE

from db.pool import Statement
from db.tables import encounters, events, organizations, patients, practitioners

_ids = bindparam("ids", type_=ARRAY(UUID_TYPE))


class OrganizationRow(NamedTuple):
    id: UUID
    name: str


class PractitionerRow(NamedTuple):
    id: UUID
    name: str
    speciality: str | None


ORGANIZATIONS_BY_ID = Statement(
    "organizations by id",
    select(*(organizations.c[name] for name in OrganizationRow._fields)).where(organizations.c.id == any_(_ids)),
)
PRACTITIONERS_BY_ID = Statement(
    "practitioners by id",
    select(*(practitioners.c[name] for name in PractitionerRow._fields)).where(practitioners.c.id == any_(_ids)),
)

# node(id:) asks this once and then the loader of the table that has the id.
TABLES_OF_IDS = Statement(
    "tables of ids",
    union_all(
        *(
            select(table.c.id, literal_column(f"'{table.name}'")).where(table.c.id == any_(_ids))
            for table in (patients, encounters, events, organizations, practitioners)
        )
    ),
)
