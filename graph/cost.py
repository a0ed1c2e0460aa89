"""What an operation may cost at most: the records it may read, and the fields it may answer with.

Page sizes multiply both down the tree. The records bound the work of PostgreSQL, the fields that of this process: the
executor spends its time by the field and lets nothing else run meanwhile, so no deadline interrupts it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

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
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
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
MAX_FIELDS: Final = 100_000
DEFAULT_PAGE: Final = 20
MAX_PAGE: Final = 100
TOTAL_ROWS: Final = 50
"""What counting a list is taken for: an index is read, of which nobody sees a row."""
SMALL_LIST: Final = 5
"""Entries of a list inside one record, such as its identifiers."""
OBJECT_FIELDS: Final = 3
"""What a field with a selection is taken for, by the time that it takes beside a plain one: an object is made."""
AWAITED_FIELDS: Final = 15
"""The same of a record or a page, which are read first."""
INTROSPECTION_FIELDS: Final = 5_000
"""What the schema's own description is taken for, of which every part is in memory."""

_Size = tuple[int | str, ...]
"""Where the size of a list comes from: numbers, and names of variables."""
_Selected = list[tuple[SelectionSetNode, GraphQLCompositeType]]


@dataclass(frozen=True, slots=True)
class Price:
    """Records and fields."""

    rows: int = 0
    fields: int = 0

    def __add__(self, other: "Price") -> "Price":
        return Price(self.rows + other.rows, self.fields + other.fields)

    def __mul__(self, times: int) -> "Price":
        return Price(self.rows * times, self.fields * times)


@dataclass(frozen=True, slots=True)
class Cost:
    """A field's price in terms of the sizes of pages, for one record that it is selected for."""

    page: _Size | None = None
    """The records it reads itself, if it reads a list of them."""
    times: _Size | None = None
    """How often what it selects is answered, if more than once."""
    each: Price = field(default=Price())
    """What does not depend on any size inside, each time."""
    inner: "tuple[Cost, ...]" = ()

    def price(self, variables: Mapping[str, Any]) -> Price:
        """The most that it may come to with these values, coerced or not."""
        each = sum((cost.price(variables) for cost in self.inner), self.each)
        times = 1 if self.times is None else _most(self.times, variables)
        read = 0 if self.page is None else _most(self.page, variables)
        return Price(read) + each * times


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The price of an operation, once the values of its variables are known."""

    cost: Cost = field(default=Cost())
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def price(self, variables: Mapping[str, Any]) -> Price:
        """The most that these variables let it come to."""
        return self.cost.price({**self.defaults, **variables})


def cost_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> OperationCost:
    """The cost of a valid operation within the bounds of `check_shape`."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return OperationCost()
    each, inner = _Costs(schema, fragments_of(document)).of([(operation.selection_set, root)])
    defaults = {
        variable.variable.name.value: _literal(variable.default_value)
        for variable in operation.variable_definitions or ()
        if variable.default_value is not None
    }
    return OperationCost(Cost(each=each, inner=inner), defaults)


def check_cost(cost: OperationCost, variables: Mapping[str, Any]) -> None:
    """Raises QueryTooCostly."""
    price = cost.price(variables)
    if price.rows > MAX_ROWS:
        raise QueryTooCostly(f"The operation may read {price.rows} records; at most {MAX_ROWS} are allowed.")
    if price.fields > MAX_FIELDS:
        raise QueryTooCostly(f"The operation may return {price.fields} fields; at most {MAX_FIELDS} are allowed.")


def _most(size: _Size, variables: Mapping[str, Any]) -> int:
    """The greatest of the sizes given; what is not plainly a page's size counts as the largest page.

    Values are not coerced yet, and 100.0 becomes 100: only refusing may be left to what follows, never enlarging.
    """
    given = [variables.get(each) if isinstance(each, str) else each for each in size]
    sizes = [each if type(each) is int and 0 <= each <= MAX_PAGE else MAX_PAGE for each in given if each is not None]
    return max(sizes, default=DEFAULT_PAGE)


def _literal(value: ValueNode) -> Any:
    match value:
        case NullValueNode():
            return None
        case IntValueNode():
            return int(value.value)
    # Of another type: no number, so it counts as the largest page.
    return value


class _Kind(NamedTuple):
    """What a field costs for itself, and how often what it selects is answered."""

    own: Price
    page: _Size | None = None
    times: _Size | None = None


class _Costs:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def of(self, selected: _Selected, page: _Size | None = None) -> tuple[Price, tuple[Cost, ...]]:
        """The price of selection sets that apply to the same record: what is fixed, and what depends on sizes.

        Fields under one response key are one field to the executor, so their selections are joined before they count.
        `page` is the size of the connection that is selected from, if it is one.
        """
        fields: dict[tuple[str, _Kind], _Selected] = defaultdict(list)
        for selection_set, parent in selected:
            self._collect(selection_set, parent, page, fields)
        each = Price()
        inner = []
        for (_, kind), below in fields.items():
            inside, costs = self.of(below, kind.page)
            each += kind.own
            if kind.page is None and kind.times is None and not costs:
                each += inside
            else:
                inner.append(Cost(kind.page, kind.times, inside, costs))
        return each, tuple(inner)

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLCompositeType,
        page: _Size | None,
        fields: dict[tuple[str, _Kind], _Selected],
    ) -> None:
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    definition = self._schema.get_field(parent, selection.name.value)
                    if definition is None:
                        continue
                    kind = self._kind(parent, definition, selection, page)
                    joined = fields[(selection.alias or selection.name).value, kind]
                    below = get_named_type(definition.type)
                    introspection = selection.name.value.startswith("__")
                    if selection.selection_set is not None and is_composite_type(below) and not introspection:
                        joined.append((selection.selection_set, below))
                case InlineFragmentNode():
                    condition = selection.type_condition
                    self._collect(selection.selection_set, self._type(condition, parent), page, fields)
                case FragmentSpreadNode():
                    fragment = self._fragments[selection.name.value]
                    self._collect(fragment.selection_set, self._type(fragment.type_condition, parent), page, fields)

    def _type(self, condition: Any, otherwise: GraphQLCompositeType) -> GraphQLCompositeType:
        named = self._schema.get_type(condition.name.value) if condition is not None else None
        return named if named is not None and is_composite_type(named) else otherwise

    def _kind(
        self, parent: GraphQLCompositeType, definition: GraphQLField, node: FieldNode, page: _Size | None
    ) -> _Kind:
        connection = parent.name.endswith("Connection")
        name = node.name.value
        if node.selection_set is None:
            return _Kind(Price(TOTAL_ROWS if connection and name == "totalCount" else 0, 1))
        if name.startswith("__"):
            return _Kind(Price(0, INTROSPECTION_FIELDS))
        own = Price(0, AWAITED_FIELDS if connection or _is_record(definition) else OBJECT_FIELDS)
        if "first" in definition.args or "last" in definition.args:
            given = (_source(each.value) for each in node.arguments or () if each.name.value in ("first", "last"))
            return _Kind(Price(0, AWAITED_FIELDS), page=tuple(each for each in given if each is not None))
        if not _is_list(definition):
            return _Kind(own)
        if connection:
            return _Kind(own, times=page)
        # A list of records without an argument has a bound of its own.
        return _Kind(own, page=(), times=()) if _is_record(definition) else _Kind(own, times=(SMALL_LIST,))


def _source(value: ValueNode) -> int | str | None:
    match value:
        case VariableNode():
            return value.name.value
        case IntValueNode():
            return int(value.value)
    return None


def _is_record(definition: GraphQLField) -> bool:
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
