"""What can go wrong with a search. `code` and `hint` are what a client may see; no text quotes a query or a record."""


class SearchError(Exception):
    """The search cannot be answered."""

    code = "INTERNAL"
    hint = ""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class QueryEmpty(SearchError):
    """The search text is empty."""

    code = "QUERY_EMPTY"
    hint = "Give at least one letter or digit to search for."


class QueryTooLong(SearchError):
    """The search text is too long."""

    code = "QUERY_TOO_LONG"
    hint = "Search for at most 200 characters and 10 words."


class SearchBusy(SearchError):
    """Search is busy."""

    code = "SEARCH_BUSY"
    hint = "Try again in a moment."


class IndexFailed(SearchError):
    """Elasticsearch did not take a document."""

    def __init__(self, reasons: set[str]) -> None:
        super().__init__()
        self.args = (f"Elasticsearch did not take some documents: {', '.join(sorted(reasons))}",)


class FollowRunning(SearchError):
    """Another import is being indexed: wait for that to end."""


class RebuildRunning(SearchError):
    """The search index is being rebuilt already: wait for that to end."""
