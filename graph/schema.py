"""The schema, as Strawberry serves it and as schema.graphql states it."""

import strawberry

from graph.history import EVENT_TYPES
from graph.query import Query
from graph.scalars import CONFIG

schema = strawberry.Schema(query=Query, types=EVENT_TYPES, config=CONFIG)


def sdl() -> str:
    """The schema in GraphQL's own language."""
    return schema.as_str().rstrip() + "\n"
