"""Ids of events that have none in their source, the same on every import whatever the order of the rows.

An id is the UUIDv5 of kind, patient, encounter, code, start and the ordinal among the rows that share all of these.
"""

from hashlib import sha1
from uuid import NAMESPACE_URL, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:anamnesis:synthea").bytes
# The digit that holds the variant, by the one it replaces.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def event_id(
    kind: str, patient: str, encounter: str, code: str, recorded_at: str, day_only: bool, ordinal: int = 0
) -> str:
    """The id in hexadecimal; `recorded_at` is the canonical text in UTC, and a day is not the midnight it begins with.

    The standard library's uuid5 gives the same in five times the time, which would be a third of reading a file.
    """
    start = recorded_at[:10] if day_only else recorded_at
    name = f"{kind}|{patient}|{encounter}|{code}|{start}|{ordinal}".encode()
    digits = sha1(_NAMESPACE + name, usedforsecurity=False).hexdigest()
    return f"{digits[:12]}5{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:32]}"
