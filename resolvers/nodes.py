"""node(id:): any record by its id alone."""

from uuid import UUID

from resolvers.encounters import encounter, organization, practitioner
from resolvers.history import event
from resolvers.patients import patient
from resolvers.policy import Row
from resolvers.reader import Reader

_BY_TABLE = {
    "patients": patient,
    "encounters": encounter,
    "events": event,
    "organizations": organization,
    "practitioners": practitioner,
}


async def node(reader: Reader, record_id: UUID) -> Row | None:
    table = await reader.loaders.tables.load(record_id)
    if table is None:
        return None
    row: Row | None = await _BY_TABLE[table](reader, record_id)
    return row
