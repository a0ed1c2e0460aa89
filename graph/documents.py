"""Documents made ready to run: parsed, bounded, validated and priced once, and kept for the next time."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    ValidationRule,
    specified_rules,
    validate,
)
from graphql.validation import MaxIntrospectionDepthRule

from graph.cost import OperationCost, check_cost, cost_of
from graph.errors import BadInput, OperationNotFound
from graph.limits import check_shape, parse_bounded

MAX_TEXT: Final = 10_000
"""Characters of one string that a client sends."""
_MAX_ERRORS: Final = 20


def check_text(text: str) -> None:
    """Raises BadInput for a string that no record can hold."""
    if "\0" in text:
        raise BadInput("A string holds the character NUL.", hint="Remove the characters U+0000.")
    if len(text) > MAX_TEXT:
        raise BadInput(f"A string is longer than {MAX_TEXT} characters.", hint="Send a shorter string.")


class _SoundStrings(ValidationRule):
    """Holds the document's own strings to what variables are held to."""

    def enter_string_value(self, node: StringValueNode, *_args: Any) -> None:
        try:
            check_text(node.value)
        except BadInput as error:
            self.report_error(GraphQLError(str(error), node, original_error=error))


_RULES: Final = (*specified_rules, MaxIntrospectionDepthRule, _SoundStrings)


class InvalidDocument(Exception):
    """The document does not fit the schema; `errors` say where."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("invalid document")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document."""

    type: OperationType
    name: str | None
    cost: OperationCost

    def check_cost(self, variables: Mapping[str, Any]) -> None:
        """Raises QueryTooCostly."""
        check_cost(self.cost, variables)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document and its operations."""

    document: DocumentNode
    operations: tuple[Operation, ...]

    def operation(self, name: str | None) -> Operation:
        """The operation of this name, or the only one. Raises OperationNotFound."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            raise OperationNotFound
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise OperationNotFound


class Documents:
    """The documents used last, by their text. Bounded by their number and by the characters they came as."""

    def __init__(self, schema: GraphQLSchema, *, most: int = 1_000, characters: int = 4_000_000) -> None:
        self._schema = schema
        self._most = most
        self._characters = characters
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._length = 0

    def prepare(self, text: str) -> Prepared:
        """Makes a document ready to run. Raises errors of the limits, GraphQLSyntaxError or InvalidDocument."""
        prepared = self._kept.get(text)
        if prepared is not None:
            self._kept.move_to_end(text)
            return prepared
        prepared = self._prepare(text)
        # A document that fails is not kept: it costs its sender as much again.
        self._kept[text] = prepared
        self._length += len(text)
        while len(self._kept) > self._most or self._length > self._characters:
            forgotten, _ = self._kept.popitem(last=False)
            self._length -= len(forgotten)
        return prepared

    def _prepare(self, text: str) -> Prepared:
        document = parse_bounded(text)
        check_shape(document)
        errors = validate(self._schema, document, _RULES, max_errors=_MAX_ERRORS)
        if errors:
            raise InvalidDocument(errors)
        return Prepared(
            document,
            tuple(
                Operation(
                    node.operation,
                    node.name.value if node.name is not None else None,
                    cost_of(self._schema, document, node),
                )
                for node in document.definitions
                if isinstance(node, OperationDefinitionNode)
            ),
        )
