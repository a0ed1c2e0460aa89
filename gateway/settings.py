"""The settings, from ANAMNESIS_* variables. Wrong or unknown ones are all named before anything starts."""

import os
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "ANAMNESIS_"


class BadSettings(Exception):
    """Settings that cannot be used; one line each in `lines`, without any value."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _url(*schemes: str, needs_port: bool = False) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        scheme, separator, rest = value.get_secret_value().partition("://")
        # No message shows the value, nor a cause that does: it may hold a password.
        if scheme not in schemes or not separator or not rest:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        try:
            url = urlsplit(value.get_secret_value())
            host, port = url.hostname, url.port
        except ValueError:
            raise ValueError("its host or its port cannot be read: escape what is no letter or digit in it") from None
        if scheme in ("http", "https") and not host:
            raise ValueError("must name a host")
        if needs_port and port is None:
            raise ValueError(f"must name a port, such as {scheme}://host:9200")
        return value

    return AfterValidator(check)


DatabaseUrl = Annotated[SecretStr, _url("postgresql", "postgres")]
RedisUrl = Annotated[SecretStr, _url("redis", "rediss", "unix")]
ElasticsearchUrl = Annotated[SecretStr, _url("http", "https", needs_port=True)]


class _Variables(BaseSettings):
    """Settings that are read from variables. URLs are secret, they carry passwords."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The settings of this process; what is `given` counts before its variable. Raises BadSettings."""
        known = {variable(field) for field in Settings.model_fields}
        lines = [
            f"{name} is not a setting: `anamnesis serve --help` lists those there are"
            for name in sorted(os.environ)
            if name.startswith(PREFIX) and name not in known
        ]
        try:
            settings = cls(**given)
        except ValidationError as error:
            lines += [_line(each["loc"], each["type"], each["msg"]) for each in error.errors(include_url=False)]
        if lines:
            raise BadSettings(lines)
        return settings


class StoreSettings(_Variables):
    """Where the records are: what importing and indexing need."""

    database_url: DatabaseUrl = Field(
        description="PostgreSQL 15 or newer: postgresql://user:password@host:port/database"
    )
    elasticsearch_url: ElasticsearchUrl | None = Field(
        None, description="Elasticsearch 8.19: http://host:port. Without it PostgreSQL answers searches."
    )
    search_prefix: str = Field(
        "anamnesis", pattern=r"^[a-z][a-z0-9-]{0,40}$", description="How the names of the search indices begin"
    )


class CacheSettings(_Variables):
    """Where the cache is."""

    redis_url: RedisUrl = Field(description="Redis 7.0 or newer, or Valkey 8 or newer: redis://host:port/0")


class Settings(CacheSettings, StoreSettings):
    """What the gateway runs with."""

    cursor_key: Annotated[SecretStr, Field(min_length=32)] = Field(
        description="The secret that cursors are sealed with, the same for all gateways: 32 characters or more"
    )
    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="The port to listen on; 0 takes a free one")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is worth a line in the log"
    )
    request_seconds: float = Field(5.0, ge=0.1, le=60, description="The longest that one request may run")
    requests_at_once: int = Field(200, ge=1, le=10_000, description="How many requests run at the same time")
    database_pool: int = Field(16, ge=1, le=500, description="The most connections to PostgreSQL")


def variable(field: str) -> str:
    """The name of the variable of a setting."""
    return PREFIX + field.upper()


def _line(place: tuple[int | str, ...], kind: str, message: str) -> str:
    field = str(place[0])
    name = variable(field)
    if kind == "missing":
        return f"{name} is not set: {Settings.model_fields[field].description}"
    if kind == "too_short":
        return f"{name} is too short: {Settings.model_fields[field].description}"
    return f"{name} is wrong: {message.removeprefix('Value error, ')}"
