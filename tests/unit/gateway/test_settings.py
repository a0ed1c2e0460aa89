"""Wrong settings are all named at once, and nothing of their values is shown."""

import os

import pytest

from gateway.settings import BadSettings, Settings, StoreSettings, variable

_COMPLETE = {
    "ANAMNESIS_DATABASE_URL": "postgresql://reader:hush@db.example:5432/anamnesis",
    "ANAMNESIS_REDIS_URL": "redis://:hush@cache.example:6379/0",
    "ANAMNESIS_CURSOR_KEY": "hush" * 8,
}


@pytest.fixture(autouse=True)
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith("ANAMNESIS_"):
            monkeypatch.delenv(name)
    for name, value in _COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _lines() -> list[str]:
    with pytest.raises(BadSettings) as raised:
        Settings.read()
    return raised.value.lines


def test_three_variables_are_enough() -> None:
    settings = Settings.read()
    assert settings.database_url.get_secret_value() == _COMPLETE["ANAMNESIS_DATABASE_URL"]
    assert settings.elasticsearch_url is None
    assert (settings.host, settings.port, settings.request_seconds) == ("127.0.0.1", 8000, 5.0)


def test_no_secret_is_shown() -> None:
    settings = Settings.read()
    assert "hush" not in f"{settings!r} {settings}"


def test_an_empty_variable_is_not_set(complete: pytest.MonkeyPatch) -> None:
    complete.setenv("ANAMNESIS_ELASTICSEARCH_URL", "")
    complete.setenv("ANAMNESIS_PORT", "")
    assert Settings.read().elasticsearch_url is None
    complete.setenv("ANAMNESIS_REDIS_URL", "")
    assert _lines() == ["ANAMNESIS_REDIS_URL is not set: " + str(Settings.model_fields["redis_url"].description)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANAMNESIS_DATABASE_URL", "mysql://hush"),
        ("ANAMNESIS_DATABASE_URL", "hush"),
        ("ANAMNESIS_DATABASE_URL", "postgresql://"),
        ("ANAMNESIS_DATABASE_URL", "postgresql://reader:hush@db.example:hush/anamnesis"),
        ("ANAMNESIS_DATABASE_URL", "postgresql://reader:hush@db.example:70000/anamnesis"),
        ("ANAMNESIS_DATABASE_URL", "postgresql://reader:hush@[db.example/anamnesis"),
        ("ANAMNESIS_REDIS_URL", "http://hush"),
        ("ANAMNESIS_REDIS_URL", "redis://cache.example:hush/0"),
        ("ANAMNESIS_ELASTICSEARCH_URL", "hush:9200"),
        ("ANAMNESIS_ELASTICSEARCH_URL", "http://hush.example"),
        ("ANAMNESIS_ELASTICSEARCH_URL", "http://:9200"),
        ("ANAMNESIS_ELASTICSEARCH_URL", "http://search.example:hush"),
        ("ANAMNESIS_CURSOR_KEY", "hush"),
        ("ANAMNESIS_PORT", "hush"),
        ("ANAMNESIS_PORT", "70000"),
        ("ANAMNESIS_LOG_LEVEL", "hush"),
        ("ANAMNESIS_REQUEST_SECONDS", "0"),
        ("ANAMNESIS_REQUEST_SECONDS", "nan"),
        ("ANAMNESIS_DATABASE_POOL", "0"),
        ("ANAMNESIS_SEARCH_PREFIX", "Hush*"),
        ("ANAMNESIS_DATABSE_URL", "hush"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(complete: pytest.MonkeyPatch, name: str, value: str) -> None:
    complete.setenv(name, value)
    (line,) = _lines()
    assert line.startswith(f"{name} is ")
    assert "hush" not in line.lower()
    assert "\n" not in line


def test_all_that_is_wrong_is_named_at_once(complete: pytest.MonkeyPatch) -> None:
    complete.delenv("ANAMNESIS_DATABASE_URL")
    complete.setenv("ANAMNESIS_PORT", "x")
    complete.setenv("ANAMNESIS_POTR", "1")
    assert [line.split()[0] for line in _lines()] == [
        "ANAMNESIS_POTR",
        "ANAMNESIS_DATABASE_URL",
        "ANAMNESIS_PORT",
    ]


def test_importing_needs_the_database_only(complete: pytest.MonkeyPatch) -> None:
    complete.delenv("ANAMNESIS_REDIS_URL")
    complete.delenv("ANAMNESIS_CURSOR_KEY")
    complete.setenv("ANAMNESIS_PORT", "8000")
    assert StoreSettings.read().search_prefix == "anamnesis"


def test_every_setting_is_explained() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, variable(name)
