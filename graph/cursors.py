"""Opaque cursors: a keyset position, encrypted and authenticated.

A cursor holds where its row stands, which may be a name: so it is sealed, not just signed. AES-SIV needs no nonce, so
the same position has the same cursor, and a changed byte or another list's cursor does not open.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha512
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from graph.errors import BadCursor

# asyncpg's Python value for -infinity, the position of a patient that was never seen.
_NEVER = datetime.min  # noqa: DTZ901
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Two names of the greatest length, each character of several bytes.
_LONGEST = 20_000


class Cursors:
    """Seals positions with a key derived from a secret; gateways that share the secret open each other's cursors."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESSIV(sha512(b"anamnesis cursor" + secret.encode()).digest())

    def seal(self, scope: str, position: tuple[Any, ...]) -> str:
        """The cursor of a position in the list that `scope` names."""
        sealed = self._cipher.encrypt(b"".join(map(_pack, position)), [scope.encode()])
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, scope: str, cursor: str) -> tuple[Any, ...]:
        """The position of a cursor. Raises BadCursor unless `seal` made it for this scope under this secret."""
        if len(cursor) > _LONGEST:
            raise BadCursor
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            return tuple(_unpack(self._cipher.decrypt(sealed, [scope.encode()])))
        except (ValueError, InvalidTag, struct.error) as error:
            raise BadCursor from error


def _pack(value: Any) -> bytes:
    match value:
        case UUID():
            return b"u" + value.bytes
        case datetime() if value == _NEVER:
            return b"n"
        case datetime():
            return struct.pack(">cq", b"t", (value - _EPOCH) // _MICROSECOND)
        case date():
            return struct.pack(">ci", b"d", value.toordinal())
        case _:
            data = orjson.dumps(value)
            return struct.pack(">cH", b"j", len(data)) + data


def _unpack(data: bytes) -> list[Any]:
    values: list[Any] = []
    at = 0
    while at < len(data):
        kind = data[at : at + 1]
        at += 1
        if kind == b"u":
            values.append(UUID(bytes=data[at : at + 16]))
            at += 16
        elif kind == b"n":
            values.append(_NEVER)
        elif kind == b"t":
            values.append(_EPOCH + struct.unpack_from(">q", data, at)[0] * _MICROSECOND)
            at += 8
        elif kind == b"d":
            values.append(date.fromordinal(struct.unpack_from(">i", data, at)[0]))
            at += 4
        else:
            (length,) = struct.unpack_from(">H", data, at)
            values.append(orjson.loads(data[at + 2 : at + 2 + length]))
            at += 2 + length
    return values
