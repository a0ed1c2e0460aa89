"""How large an operation may be. Each bound is checked before the work it bounds.

The text is bounded while it is parsed, the shape before validation, which itself costs more than linearly in it. What
an operation may return is bounded in `graph.cost`, once the values of its variables are known.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from graph.cost import fragments_of
from graph.errors import ParseFailed, QueryTooDeep, QueryTooWide, TooManyTokens

MAX_CHARACTERS: Final = 64_000
MAX_TOKENS: Final = 2_000
MAX_COMMENTS: Final = 500
MAX_DEPTH: Final = 20
"""Fields inside one another, through fragments."""
MAX_NESTING: Final = 60
"""Fields, fragments and inline fragments inside one another: what the walks below recurse at most."""
MAX_ROOT_FIELDS: Final = 20
MAX_ALIASES: Final = 60
MAX_SELECTIONS: Final = 2_000
MAX_REPEATS: Final = 50
"""Times that one name may stand in one selection set: validation compares each with each."""
MAX_DIRECTIVES: Final = 50
MAX_OPERATIONS: Final = 20


def parse_bounded(text: str) -> DocumentNode:
    """Parses a document. Raises TooManyTokens, QueryTooDeep or graphql-core's own syntax error."""
    if len(text) > MAX_CHARACTERS:
        raise TooManyTokens(f"The document is longer than {MAX_CHARACTERS} characters.")
    try:
        return parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLSyntaxError as error:
        # graphql-core tells these apart by their words only; tests hold us to them.
        if "nested too deeply" in error.message:
            raise QueryTooDeep from error
        if "Parsing aborted" in error.message:
            raise TooManyTokens(
                f"The document has more than {MAX_TOKENS} tokens or {MAX_COMMENTS} comments."
            ) from error
        raise
    except UnicodeError as error:
        raise ParseFailed("The document holds characters that no text may hold.") from error


@dataclass(slots=True)
class _Shape:
    """What a selection set comes to with its fragments spread out."""

    depth: int = 0
    nesting: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    """Fields of the set itself, not of those inside them."""

    def add(self, inner: "_Shape", *, levels: int) -> None:
        self.depth = max(self.depth, inner.depth + levels)
        self.nesting = max(self.nesting, inner.nesting + 1)
        self.selections += inner.selections
        self.aliases += inner.aliases
        self.directives += inner.directives
        if levels == 0:
            self.fields += inner.fields


class _Measure:
    """Measures each fragment once, so that fragments which double one another cost no more than their text."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = fragments_of(document)
        self._known: dict[str, _Shape] = {}
        self._open: set[str] = set()

    def selection_set(self, node: SelectionSetNode, level: int) -> _Shape:
        if level > MAX_NESTING:
            raise QueryTooDeep
        shape = _Shape()
        names = Counter((each.alias or each.name).value for each in node.selections if isinstance(each, FieldNode))
        if names and max(names.values()) > MAX_REPEATS:
            raise QueryTooWide(f"A selection repeats one name more than {MAX_REPEATS} times.")
        for selection in node.selections:
            shape.selections += 1
            shape.directives += len(selection.directives or ())
            match selection:
                case FieldNode():
                    shape.fields += 1
                    shape.aliases += selection.alias is not None
                    inner = _Shape()
                    if selection.selection_set is not None:
                        inner = self.selection_set(selection.selection_set, level + 1)
                    shape.add(inner, levels=1)
                case InlineFragmentNode():
                    shape.add(self.selection_set(selection.selection_set, level + 1), levels=0)
                case FragmentSpreadNode():
                    shape.add(self._fragment(selection.name.value, level + 1), levels=0)
            self._check(shape, level)
        return shape

    def _fragment(self, name: str, level: int) -> _Shape:
        known = self._known.get(name)
        if known is not None:
            return known
        fragment = self.fragments.get(name)
        if fragment is None or name in self._open:
            # Unknown or circular: validation says so, and better.
            return _Shape()
        self._open.add(name)
        shape = self.selection_set(fragment.selection_set, level)
        shape.directives += len(fragment.directives or ())
        self._open.remove(name)
        self._known[name] = shape
        return shape

    @staticmethod
    def _check(shape: _Shape, level: int) -> None:
        # Checked as the sums grow, so that they never grow far.
        if shape.depth > MAX_DEPTH or level + shape.nesting > MAX_NESTING:
            raise QueryTooDeep(f"The operation nests more than {MAX_DEPTH} fields deep.")
        for count, limit, what in (
            (shape.selections, MAX_SELECTIONS, "selections, fragments spread out"),
            (shape.aliases, MAX_ALIASES, "aliases"),
            (shape.directives, MAX_DIRECTIVES, "directives"),
        ):
            if count > limit:
                raise QueryTooWide(f"The operation has more than {limit} {what}.")


def check_shape(document: DocumentNode) -> None:
    """Raises QueryTooDeep or QueryTooWide for a document too large to validate; takes time linear in its text."""
    measure = _Measure(document)
    operations = _operations(document)
    if len(operations) > MAX_OPERATIONS:
        raise QueryTooWide(f"The document has more than {MAX_OPERATIONS} operations.")
    for operation in operations:
        shape = measure.selection_set(operation.selection_set, 0)
        if shape.fields > MAX_ROOT_FIELDS:
            raise QueryTooWide(f"The operation has more than {MAX_ROOT_FIELDS} root fields.")
        directives = len(operation.directives or ()) + sum(
            len(variable.directives or ()) for variable in operation.variable_definitions or ()
        )
        if shape.directives + directives > MAX_DIRECTIVES:
            raise QueryTooWide(f"The operation has more than {MAX_DIRECTIVES} directives.")
    for fragment in measure.fragments.values():
        measure.selection_set(fragment.selection_set, 0)


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
