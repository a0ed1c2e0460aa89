"""Asks the gateway as a client does."""

from collections.abc import Iterator
from typing import Any

import httpx


class Client:
    """A client that expects an answer without errors."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)

    def close(self) -> None:
        self._http.close()

    def ask(self, query: str, /, **variables: Any) -> Any:
        response = self._http.post("/graphql", json={"query": query, "variables": variables})
        body = response.json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def code(self, query: str, /, **variables: Any) -> str:
        """The code of the one error of an answer."""
        response = self._http.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code < 500, response.text
        (error,) = response.json()["errors"]
        code: str = error["extensions"]["code"]
        return code

    def walk(self, query: str, path: str, /, **variables: Any) -> Iterator[Any]:
        """The nodes of a connection, page by page; `query` takes $after, `path` leads to the connection."""
        after = None
        while True:
            found = self.ask(query, after=after, **variables)
            for step in path.split("."):
                found = found[step]
            yield from found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            assert found["nodes"], "a page that is not the last has entries"
            after = found["pageInfo"]["endCursor"]
