"""What a client sends and accepts, by the headers of HTTP."""

from collections.abc import Iterator
from typing import Final

from graph.errors import NotAcceptable, UnsupportedMediaType

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"

_SERVED: Final = {JSON: JSON, GRAPHQL: GRAPHQL, "application/*": JSON, "*/*": JSON}


def check_content_type(content_type: str | None, content_encoding: str | None) -> None:
    """Raises UnsupportedMediaType for a body that is not plain JSON in UTF-8; without a charset it is UTF-8."""
    if content_type is None:
        raise UnsupportedMediaType("The request has no Content-Type.")
    media_type, parameters = _split(content_type)
    if media_type != JSON:
        raise UnsupportedMediaType
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType
    if content_encoding is not None and content_encoding.strip().lower() != "identity":
        raise UnsupportedMediaType


def response_type(accept: str | None) -> str:
    """The media type to answer in. Raises NotAcceptable.

    Who accepts anything gets application/json, which every client of GraphQL reads.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = list(_ranges(accept))
    refused = {media_type for media_type, quality in ranges if quality <= 0}
    served = [
        (quality, _SERVED[media_type])
        for media_type, quality in ranges
        if quality > 0 and media_type in _SERVED and _SERVED[media_type] not in refused
    ]
    if not served:
        raise NotAcceptable
    # Of equals, max keeps the first.
    return max(served, key=lambda each: each[0])[1]


def prefers_html(accept: str | None) -> bool:
    """Whether this is a browser that wants a page rather than an answer."""
    best = 0.0
    html = 0.0
    for media_type, quality in _ranges(accept or ""):
        if media_type == "text/html":
            html = max(html, quality)
        elif media_type in (JSON, GRAPHQL):
            best = max(best, quality)
    return html > best


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_type, parameters = _split(part)
        if not media_type:
            continue
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            quality = 0.0
        yield media_type, quality


def _split(header: str) -> tuple[str, dict[str, str]]:
    media_type, *parts = header.split(";")
    parameters = {}
    for part in parts:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return media_type.strip().lower(), parameters
