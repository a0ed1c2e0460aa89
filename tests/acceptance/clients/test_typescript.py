"""graphql-codegen's client preset and a strict TypeScript accept the schema and the example operations."""

from pathlib import Path

import pytest

from tests.acceptance import node

_ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generated(client_package: Path) -> Path:
    operations = str(_ROOT / "examples" / "*.graphql")
    node.run(client_package, "generate.mjs", str(_ROOT / "schema.graphql"), operations, "generated")
    return client_package / "generated"


def test_every_example_gets_a_typed_document(generated: Path) -> None:
    documents = (generated / "graphql.ts").read_text()
    examples = list((_ROOT / "examples").glob("*.graphql"))
    assert examples
    assert documents.count("as unknown as DocumentNode<") == len(examples)


def test_strict_typescript_accepts_the_generated_client(client_package: Path, generated: Path) -> None:
    assert generated.is_dir()
    node.run(client_package, "node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--project", "tsconfig.json")


def test_graphiql_starts_with_a_valid_query(client_package: Path) -> None:
    query = _ROOT / "gateway" / "graphiql" / "src" / "newcomer.graphql"
    node.run(client_package, "generate.mjs", str(_ROOT / "schema.graphql"), str(query), "generated/newcomer")
