"""Ids of events that have none in their source, the same on every import whatever the order of the rows.

An id is the UUIDv5 of kind, patient, encounter, code, start and the ordinal among the rows that share all of these.
"""

from uuid import UUID, uuid5

# uuid5(NAMESPACE_URL, "https://synthea.mitre.org/codes")
_NAMESPACE = UUID("001c96f9-9828-56a5-8eb8-8c6aea5eb1d7")


def event_id(
    kind: str, patient: str, encounter: str, code: str, recorded_at: str, day_only: bool, ordinal: int = 0
) -> str:
    """`recorded_at` is the canonical text in UTC; a day is not the midnight it begins with."""
    start = recorded_at[:10] if day_only else recorded_at
    return str(uuid5(_NAMESPACE, f"{kind}|{patient}|{encounter}|{code}|{start}|{ordinal}"))
