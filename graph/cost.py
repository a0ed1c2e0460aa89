"""What an operation may cost: the records it may return, by the sizes of its pages multiplied down the tree."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from graph.errors import QueryTooCostly

MAX_ROWS: Final = 20_000
DEFAULT_PAGE: Final = 20
MAX_PAGE: Final = 100

_Selected = list[tuple[SelectionSetNode, GraphQLCompositeType]]


@dataclass(frozen=True, slots=True)
class Cost:
    """How many records an operation may return: its own pages, each times what is asked for every record of it."""

    size: int | str = 1
    """Records at this place; a name stands for a variable's value."""
    counted: bool = False
    inner: "tuple[Cost, ...]" = field(default=())
    defaults: Mapping[str, int] = field(default_factory=dict)

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The most records that these variables let it return; values that make no page count as the default."""
        return self._rows(variables, self.defaults)

    def _rows(self, variables: Mapping[str, Any], defaults: Mapping[str, int]) -> int:
        size: Any = self.size
        if isinstance(size, str):
            size = variables.get(size, defaults.get(size))
            size = size if isinstance(size, int) and 0 <= size <= MAX_PAGE else DEFAULT_PAGE
        return int(size) * (self.counted + sum(cost._rows(variables, defaults) for cost in self.inner))


def cost_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Cost:
    """The cost of a valid operation within the bounds of `check_shape`."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return Cost()
    inner = _Costs(schema, fragments_of(document)).of([(operation.selection_set, root)])
    defaults = {
        variable.variable.name.value: int(variable.default_value.value)
        for variable in operation.variable_definitions or ()
        if isinstance(variable.default_value, IntValueNode)
    }
    return Cost(inner=inner, defaults=defaults)


def check_cost(cost: Cost, variables: Mapping[str, Any]) -> None:
    """Raises QueryTooCostly."""
    rows = cost.rows(variables)
    if rows > MAX_ROWS:
        raise QueryTooCostly(f"The operation may return {rows} records; at most {MAX_ROWS} are allowed.")


class _Costs:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def of(self, selected: _Selected) -> tuple[Cost, ...]:
        """The costs of the fields of selection sets that apply to the same records.

        Fields under one response key are one field to the executor, so their selections are joined before they count.
        """
        fields: dict[tuple[str, int | str, bool], _Selected] = defaultdict(list)
        for selection_set, parent in selected:
            self._collect(selection_set, parent, fields)
        return tuple(
            cost
            for (_, size, counted), below in fields.items()
            # What neither holds a page nor returns one costs nothing.
            if (cost := Cost(size=size, counted=counted, inner=self.of(below))).counted or cost.inner
        )

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLCompositeType,
        fields: dict[tuple[str, int | str, bool], _Selected],
    ) -> None:
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    if selection.selection_set is None or selection.name.value.startswith("__"):
                        continue
                    definition = self._schema.get_field(parent, selection.name.value)
                    below = get_named_type(definition.type) if definition is not None else None
                    if definition is None or below is None or not is_composite_type(below):
                        continue
                    key = (selection.alias or selection.name).value
                    size, counted = self._page(parent, definition, selection)
                    fields[key, size, counted].append((selection.selection_set, below))
                case InlineFragmentNode():
                    condition = selection.type_condition
                    self._collect(selection.selection_set, self._type(condition, parent), fields)
                case FragmentSpreadNode():
                    fragment = self._fragments[selection.name.value]
                    self._collect(fragment.selection_set, self._type(fragment.type_condition, parent), fields)

    def _type(self, condition: Any, otherwise: GraphQLCompositeType) -> GraphQLCompositeType:
        named = self._schema.get_type(condition.name.value) if condition is not None else None
        return named if named is not None and is_composite_type(named) else otherwise

    def _page(self, parent: GraphQLCompositeType, definition: GraphQLField, node: FieldNode) -> tuple[int | str, bool]:
        """How many records a field returns, and whether it is where they are counted."""
        if "first" in definition.args or "last" in definition.args:
            for argument in node.arguments or ():
                if argument.name.value in ("first", "last"):
                    match argument.value:
                        case VariableNode():
                            return argument.value.name.value, True
                        case IntValueNode():
                            size = int(argument.value.value)
                            return (size if 0 <= size <= MAX_PAGE else DEFAULT_PAGE), True
            return DEFAULT_PAGE, True
        # The lists inside a connection are its page; other lists of records have no argument and their own bound.
        if not parent.name.endswith("Connection") and _is_list(definition) and self._is_record(definition):
            return DEFAULT_PAGE, True
        return 1, False

    def _is_record(self, definition: GraphQLField) -> bool:
        named = get_named_type(definition.type)
        if is_interface_type(named) or is_object_type(named):
            return any(interface.name == "Node" for interface in named.interfaces)
        return False


def _is_list(definition: GraphQLField) -> bool:
    kind: Any = definition.type
    return is_list_type(kind.of_type if is_non_null_type(kind) else kind)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments by name; of two with one name, which is invalid, the last."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
