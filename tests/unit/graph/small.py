"""A small schema in the shape of the real one, whose fields fail, wait and page on demand."""

import asyncio
from typing import Self

import strawberry

import db.errors
from graph.errors import BadCursor, BadDatetime


def _read_moment(value: object) -> str:
    if value == "broken":
        raise RuntimeError("scalar says Kunde533")
    if not isinstance(value, str) or not value.endswith("Z"):
        raise BadDatetime
    return value


Moment = strawberry.scalar(name="Moment", serialize=str, parse_value=_read_moment)


class MomentValue:
    """Stands for the scalar in annotations."""


class Coded(Exception):
    """A failure of a lower layer that clients may see."""

    code = "SEARCH_BUSY"


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Label:
    text: str


@strawberry.type
class Thing(Node):
    @strawberry.field
    def label(self) -> Label:
        return Label(text="label")

    @strawberry.field
    def labels(self) -> list[Label]:
        return [Label(text="label")]

    @strawberry.field
    def name(self) -> str:
        return "thing"

    @strawberry.field
    def parent(self) -> "Thing | None":
        return Thing(id=strawberry.ID("0"))

    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> "ThingConnection":
        return ThingConnection()

    @strawberry.field
    def notes(self) -> "list[Thing]":
        return []


@strawberry.type
class ThingConnection:
    @strawberry.field
    def total_count(self) -> int:
        return 1

    @strawberry.field
    def nodes(self) -> list[Thing]:
        return [Thing(id=strawberry.ID("1"))]


class Running:
    """What the endpoint calls a context, with what became of the request."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.closed = 0

    def begin(self) -> Self:
        self.begun += 1
        return self

    def close(self) -> None:
        self.closed += 1


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, id: strawberry.ID = strawberry.ID("1")) -> Thing | None:  # noqa: A002, B008
        return Thing(id=id)

    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> ThingConnection | None:
        return ThingConnection()

    @strawberry.field
    def echo(self, text: str, number: int | None = None) -> str:
        return text

    @strawberry.field
    def at(self, moment: MomentValue) -> str | None:
        return str(moment)

    @strawberry.field
    def ratio(self) -> float | None:
        return float("nan")

    @strawberry.field
    def fail(self, how: str) -> str | None:
        match how:
            case "typed":
                raise BadCursor
            case "coded":
                raise Coded("search is busy")
            case "gone":
                raise db.errors.DatabaseUnavailable("postgresql://user:password@host does not answer")
            case "slow":
                raise db.errors.DeadlineExceeded("select family_name")
            case "broad":
                raise db.errors.FilterTooBroad("name a state")
        raise RuntimeError("Kunde533, born 1949-05-24")

    @strawberry.field
    async def wait(self, info: strawberry.Info[Running, None], seconds: float) -> str | None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            info.context.cancelled += 1
            raise
        return "waited"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self) -> str:
        return "written"


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[Thing],
    config=strawberry.schema.config.StrawberryConfig(scalar_map={MomentValue: Moment}),
)
