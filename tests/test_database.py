"""Addresses of databases: read or refused, and never shown with a secret."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.database import (
    Address,
    hide_secrets,
    holds_password,
    is_address,
    parse_address,
)
from clustermap.errors import TableFault
from clustermap.project import open_project
from tests.certain import certain

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = [
    "postgresql://u:s3cret@h/db",
    "postgresql://u:s3cret@h:5432/db?sslmode=require",
    "postgres://u:s3:cr@et/s3cret?s3cret#@h/db",
    "postgresql://:s3cret@/db",
    "POSTGRESQL://u:s3cret@h/db",
    "postgresql:/u:s3cret@h/db",
    "postgresql:u:s3cret@h",
    " postgresql://u:s3cret@h/db",
    "postgresql+psycopg://u:s3cret@h/db",
    "postgresql://h/db?password=s3cret",
    "postgresql://h/db?user=u&PassWord=s3cret",
    "postgresql://h/db?%70assword=s3cret",
    "postgresql://h/db?sslpassword=s3cret",
    "host=h dbname=db password=s3cret",
    "password = 's3cret'",
]


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("postgresql://h/db", Address("h", "", "", "db"), "postgresql://h/db"),
        ("postgres://u@h:5433/db", Address("h", "5433", "u", "db"), "postgresql://h:5433/db"),
        ("postgresql://", Address(), "postgresql:///"),
        ("postgresql:///db", Address(database="db"), "postgresql:///db"),
        ("postgresql://u%40x@h", Address("h", "", "u@x"), "postgresql://h/"),
        ("postgresql://[::1]:5/db", Address("[::1]", "5", "", "db"), "postgresql://[::1]:5/db"),
        ("postgresql://%2Ftmp%2FSock/d", Address("/tmp/Sock", "", "", "d"), None),  # noqa: S108
        ("postgresql://h/%EA%B0%80", Address("h", "", "", "가"), "postgresql://h/%EA%B0%80"),
        (
            "postgresql://h/db?sslmode=verify-full&service=gis",
            Address("h", "", "", "db", (("sslmode", "verify-full"), ("service", "gis"))),
            "postgresql://h/db?sslmode=verify-full&service=gis",
        ),
    ],
)
def test_addresses_are_read(text: str, address: Address, shown: str | None) -> None:
    assert is_address(text)
    assert parse_address(text) == address
    assert address.shown == (shown or text)
    again = certain(parse_address(address.shown))
    assert (again.host, again.port, again.database) == (
        address.host, address.port, address.database,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "postgresql:/h/db",
        "postgresql+psycopg://h/db",
        "postgresql://h:port/db",
        "postgresql://h:0/db",
        "postgresql://h:99999/db",
        "postgresql://h/db/more",
        "postgresql://h/db?options=-csearch_path",
        "postgresql://h/db?sslmode=",
        "postgresql://h/db?nothing",
        "postgresql://h/db#part",
        "postgresql://h/db\n",
        "https://h/db",
        "firms.csv",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize("text", SECRETS)
def test_passwords_are_seen_and_never_shown(text: str, tmp_path: Path) -> None:
    assert is_address(text)
    assert holds_password(text)
    assert parse_address(text) is None
    assert "s3c" not in hide_secrets(text)
    (tmp_path / "clusters.geojson").write_text("", encoding="utf-8")
    start = 'schema = 1\n[project]\nname = "a"\n'
    clusters = '[layers.clusters]\npath = "clusters.geojson"\n'
    for lines in (
        f'[layers.clusters]\npath = "{text}"\ntable = "t"\n',
        f'[layers.clusters]\npath = ["{text}"]\ntable = "t"\n',
        f'{clusters}[[linkages]]\nform = "pairs"\npath = "{text}"\nquery = "select 1"\n',
        f'{clusters}[industries]\npath = "{text}"\n',
        f'{clusters}[export.postgis]\nurl = "{text}"\n',
    ):
        file = tmp_path / "project.toml"
        file.write_text(start + lines, encoding="utf-8")
        with pytest.raises(TableFault) as caught:
            open_project(file)
        for language in ("ko", "en"):
            assert "s3c" not in caught.value.line(language)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"postgresql://{text}"):
        found = parse_address(whole)
        if found is not None:
            assert "password" not in found.parts
            again = certain(parse_address(found.shown))
            assert again.shown == found.shown


@given(st.text(min_size=3, max_size=20, alphabet="ABCDEFGH:/@?#%&"))
def test_no_password_gets_through(secret: str) -> None:
    text = f"postgresql://user:{secret}xyz@host/db"
    assert holds_password(text)
    assert "xyz" not in hide_secrets(text)


def test_a_web_address_is_shown_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "project.toml"
    file.write_text(
        'schema = 1\n[project]\nname = "a"\n[layers.clusters]\n'
        'path = "https://u:s3cret@h/a.csv?key=s3cret"\n',
        encoding="utf-8",
    )
    with pytest.raises(TableFault) as caught:
        open_project(file)
    assert caught.value.reason == "project_path_refused"
    assert "s3cret" not in str(caught.value)
    assert "https://…@h/a.csv?…" in str(caught.value)


def test_the_driver_is_loaded_when_a_database_is_opened(root: Path) -> None:
    code = (
        "import sys, clustermap.cli, clustermap.project, clustermap.pipeline, clustermap.database;"
        "print([m for m in sys.modules if m.startswith('psycopg') or m.endswith('postgis')])"
    )
    done = subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-c", code], cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
