"""Asks the schema in process, as the endpoint does, and keeps what it ran."""

from typing import Any, NamedTuple

from graphql import ExecutionResult, parse
from graphql.execution import execute

from db.pool import Statement
from graph.context import Context, Services
from graph.errors import mask_all
from graph.schema import schema
from resolvers.policy import Policy


class Answer(NamedTuple):
    data: Any
    errors: list[dict[str, Any]]
    statements: list[Statement]


async def ask(
    services: Services, query: str, variables: dict[str, Any] | None = None, policy: Policy | None = None
) -> Answer:
    ran: list[Statement] = []
    services.database.observer = ran.append
    context = Context.begin(services, policy)
    try:
        result = execute(
            schema._schema,
            parse(query),
            context_value=context,
            variable_values=variables,
            executor_class=schema.execution_context_class,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
    finally:
        context.close()
        services.database.observer = None
    return Answer(result.data, mask_all(result.errors or []), ran)
