"""The record's vocabularies and the contract's enums say the same."""

from db import kinds
from graph import enums
from graph.history import _KINDS, EVENT_TYPES


def names(enum: type) -> tuple[str, ...]:
    return tuple(enum.__members__)  # type: ignore[attr-defined]


def test_vocabularies() -> None:
    assert names(enums.HistoryKind) == kinds.KINDS
    assert names(enums.EncounterClass) == kinds.ENCOUNTER_CLASSES
    assert names(enums.AdministrativeSex) == kinds.SEXES
    assert set(_KINDS) == set(kinds.KINDS)
    assert {made for made, _ in _KINDS.values()} == set(EVENT_TYPES)
