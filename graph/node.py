"""The Node interface and the small values that records are made of."""

import strawberry


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Coding:
    system: str = strawberry.field(description="Canonical URI, such as http://loinc.org.")
    code: str
    display: str = strawberry.field(description="The code itself where the source has no display.")


@strawberry.type
class Quantity:
    value: float
    comparator: str | None
    unit: str | None = strawberry.field(description="As written.")
    code: str | None = strawberry.field(description="UCUM.")


def coding(system: str, code: str, display: str | None) -> Coding:
    return Coding(system=system, code=code, display=display or code)


def coding_or_none(system: str | None, code: str | None, display: str | None) -> Coding | None:
    """A coding, or None where the record has none."""
    return None if system is None or code is None else coding(system, code, display)
