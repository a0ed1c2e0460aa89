"""The committed bundle is what its sources and its lock file make."""

from pathlib import Path

from tests.acceptance import node

_PACKAGE = Path(__file__).parents[3] / "gateway" / "graphiql"


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_committed_bundle_is_up_to_date(tmp_path: Path) -> None:
    node.install(_PACKAGE)
    node.run(_PACKAGE, "build.mjs", str(tmp_path / "dist"))
    built, committed = _files(tmp_path / "dist"), _files(_PACKAGE / "dist")
    assert built.keys() == committed.keys(), "run: cd gateway/graphiql && npm ci && npm run build"
    differing = [name for name, content in built.items() if committed[name] != content]
    assert differing == [], "run: cd gateway/graphiql && npm ci && npm run build"
