"""The settings: one frozen record from environment and file, printable without any secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.settings import CONFIG_FILE, Settings
from gateway.terminal.problems import Problem, read_settings
from schema.purposes import Purpose

SECRET = "a secret of more than 32 characters"
PASSWORD = "pa55word"
NEEDED = {
    "messenger_dsn": f"postgresql://gateway:{PASSWORD}@db/messenger",
    "social_dsn": f"postgresql://gateway:{PASSWORD}@db/social",
    "control_dsn": f"postgresql://gateway:{PASSWORD}@db/control",
    "secret": SECRET,
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of the environment that runs the tests."""
    for name in [CONFIG_FILE, *(f"GATEWAY_{each.upper()}" for each in Settings.model_fields)]:
        monkeypatch.delenv(name, raising=False)


def set_environment(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Set these settings in the environment."""
    for name, value in settings.items():
        monkeypatch.setenv(f"GATEWAY_{name.upper()}", value)


def set_file(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> None:
    """Write a file of settings, and name it."""
    path.write_text(text)
    monkeypatch.setenv(CONFIG_FILE, str(path))


def problem() -> str:
    """The message about settings that cannot be read."""
    with pytest.raises(Problem) as raised:
        read_settings()
    return str(raised.value)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A setting of the environment is taken before the same in the file."""
    set_environment(monkeypatch, **NEEDED, port="1")
    set_file(monkeypatch, tmp_path / "gateway.toml", 'port = 2\nhost = "::1"\n')
    settings = read_settings()
    assert (settings.port, settings.host) == (1, "::1")


def test_settings_are_frozen() -> None:
    """No setting changes while the gateway runs."""
    with pytest.raises(ValidationError):
        Settings(**NEEDED).port = 1  # type: ignore[arg-type,misc]


def test_printing_settings_masks_every_secret() -> None:
    """Neither a password in a DSN nor the secret is in any printed form."""
    settings = Settings(**NEEDED, messenger_owner_dsn=NEEDED["messenger_dsn"])  # type: ignore[arg-type]
    for printed in (str(settings), repr(settings), settings.model_dump_json(), f"{settings!r}"):
        assert PASSWORD not in printed
        assert SECRET not in printed


def test_settings_written_down_are_read_back_equal() -> None:
    """The record and the record made of its fields are the same."""
    settings = Settings(**NEEDED, port=1, sharded=True)  # type: ignore[arg-type]
    assert Settings(**dict(settings)) == settings


def test_each_missing_setting_is_one_line_that_names_it() -> None:
    """Without any setting there is one line for each required one, which says how to set it."""
    lines = problem().splitlines()
    assert [line.split()[0] for line in lines] == [
        "GATEWAY_MESSENGER_DSN",
        "GATEWAY_SOCIAL_DSN",
        "GATEWAY_CONTROL_DSN",
        "GATEWAY_SECRET",
    ]
    assert all(CONFIG_FILE in line for line in lines)


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=5, max_size=31))
def test_a_wrong_value_is_never_repeated(value: str) -> None:
    """A secret that is too short and a port that is no number are named, not quoted."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        set_environment(monkeypatch, **NEEDED | {"secret": f"~{value}~", "port": f"~{value}~"})
        told = problem()
    if len(value) <= 29:
        assert "GATEWAY_SECRET" in told
    assert "GATEWAY_PORT" in told
    assert f"~{value}~" not in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 1", "the file that GATEWAY_CONFIG_FILE names sets `colour`, which is no setting"),
        ("secret = ", "the file that GATEWAY_CONFIG_FILE names cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, *, expected: str
) -> None:
    """An unknown setting, or text that is not TOML, stops the command with one line."""
    set_environment(monkeypatch, **NEEDED)
    set_file(monkeypatch, tmp_path / "gateway.toml", text)
    assert problem() == expected


def test_a_missing_file_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing settings file stops the command with one line, because all its settings would be missing."""
    monkeypatch.setenv(CONFIG_FILE, str(tmp_path / "missing.toml"))
    assert problem() == "GATEWAY_CONFIG_FILE names a file that is not there"


PROVIDER = {
    "oidc_issuer": "https://idp.example",
    "oidc_audience": "gateway",
    "oidc_purposes": '{"~team~": ["SECURITY"]}',
}


def test_a_provider_is_set_by_the_environment_or_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A list or a mapping is JSON in the environment and TOML in the file; both give the same."""
    set_environment(monkeypatch, **NEEDED, **PROVIDER, oidc_algorithms='["PS256"]')
    first = read_settings()
    for name in (*PROVIDER, "oidc_algorithms"):
        monkeypatch.delenv(f"GATEWAY_{name.upper()}")
    text = """
        oidc_issuer = "https://idp.example"
        oidc_audience = "gateway"
        oidc_algorithms = ["PS256"]
        [oidc_purposes]
        "~team~" = ["SECURITY"]
    """
    set_file(monkeypatch, tmp_path / "gateway.toml", text)
    assert read_settings() == first
    assert first.oidc_purposes == {"~team~": (Purpose.SECURITY,)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"oidc_audience": None}, "with GATEWAY_OIDC_ISSUER, GATEWAY_OIDC_AUDIENCE and"),
        ({"oidc_purposes": "{}"}, "with GATEWAY_OIDC_ISSUER, GATEWAY_OIDC_AUDIENCE and"),
        (
            {"oidc_purposes": "~team~"},
            "must be written as JSON: GATEWAY_OIDC_ALGORITHMS, GATEWAY_OIDC_PURPOSES",
        ),
        ({"oidc_purposes": '{"~team~": ["~x~"]}'}, "GATEWAY_OIDC_PURPOSES: input should be 'ADS_"),
        ({"oidc_purposes": '{"~team~": "SECURITY"}'}, "GATEWAY_OIDC_PURPOSES: input should be a valid tuple"),
        ({"oidc_algorithms": '["none"]'}, "GATEWAY_OIDC_ALGORITHMS: input should be 'RS256'"),
        ({"oidc_algorithms": '["RS256", "HS256"]'}, "GATEWAY_OIDC_ALGORITHMS: input should be 'RS256'"),
        ({"oidc_algorithms": "[]"}, "GATEWAY_OIDC_ALGORITHMS: "),
        ({"oidc_issuer": "http://~idp~.example"}, "GATEWAY_OIDC_ISSUER: an issuer is https://…"),
        ({"oidc_issuer": "https://idp.example?~x~"}, "GATEWAY_OIDC_ISSUER: an issuer is https://…"),
        ({"oidc_max_lifetime_s": "0"}, "GATEWAY_OIDC_MAX_LIFETIME_S: "),
    ],
)
def test_a_provider_that_is_half_set_or_unsafe_is_reported_without_its_values(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str | None], expected: str
) -> None:
    """A shared-secret algorithm, clear text or an unknown purpose is refused, and no value is quoted."""
    values = {**NEEDED, **PROVIDER, **given}
    set_environment(monkeypatch, **{name: value for name, value in values.items() if value is not None})
    told = problem()
    assert expected in told.splitlines()[0]
    assert "~" not in told


def test_keys_of_different_uses_differ() -> None:
    """Each use has its own key, from which no other follows, and another secret gives other keys."""
    one, other = (Settings(**NEEDED | {"secret": SECRET + end}) for end in "ab")  # type: ignore[arg-type]
    assert len({one.key("tokens"), one.key("cursors"), other.key("tokens"), other.key("cursors")}) == 4
    assert one.key("cursors", 64)[:32] == one.key("cursors")


def test_the_command_line_s_dsn_falls_back_to_the_server_s() -> None:
    """An owner's DSN is used where it is given, for the messenger and the social network."""
    settings = Settings(**NEEDED, social_owner_dsn="postgresql://owner@db/social")  # type: ignore[arg-type]
    assert [settings.owner_dsn(store) for store in ("messenger", "social", "control")] == [
        NEEDED["messenger_dsn"],
        "postgresql://owner@db/social",
        NEEDED["control_dsn"],
    ]
