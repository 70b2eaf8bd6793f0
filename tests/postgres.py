"""A PostgreSQL server of the tests' own, with PostGIS, in a folder that is gone afterwards.

Nobody's database is ever touched: the server is started for the tests, on a free port of this
machine. ``postgres`` needs no password; every other role does.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHY = "apt-get install --no-install-recommends postgresql-postgis"
PASSWORD = "열려라 s3cret:/@?#%&"  # noqa: S105 -- of a server that lives for seconds

_ACCESS = """
local all postgres trust
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Server:
    """A running server.

    Parameters
    ----------
    port
        Its port on 127.0.0.1.
    """

    port: int

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the address of a database, without a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> Any:
        """Open a connection of the superuser, in which every statement counts at once."""
        import psycopg

        return psycopg.connect(self.url(database), autocommit=True)

    @contextmanager
    def make(self, database: str, how: str = "template gis") -> Iterator[str]:
        """Make a database, with PostGIS if nothing else is said, and drop it afterwards."""
        with self.connect() as connection:
            connection.execute(f"create database {database} {how}")
        try:
            yield database
        finally:
            with self.connect() as connection:
                connection.execute(f"drop database {database} with (force)")


def find_programs() -> Path | None:
    """Find the programs of the newest PostgreSQL that has PostGIS, where Debian puts them."""
    controls = Path("/usr/share/postgresql").glob("*/extension/postgis.control")
    versions = sorted((int(c.parts[-3]) for c in controls if c.parts[-3].isdigit()), reverse=True)
    folders = (Path("/usr/lib/postgresql") / str(version) / "bin" for version in versions)
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _run(command: list[str | Path]) -> None:
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(  # noqa: S603 -- our own commands
        [str(part) for part in command],
        user=user,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def open_server(programs: Path) -> Iterator[Server]:
    """Start a server, and stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="clustermap-postgis-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    store = folder / "store"
    encoding = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-A", "trust"]
    try:
        _run([programs / "initdb", "-D", store, "-U", "postgres", *encoding])
        (store / "pg_hba.conf").write_text(_ACCESS, encoding="ascii")
        port = _free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
            " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        )
        log = folder / "log"
        _run([programs / "pg_ctl", "-D", store, "-w", "-l", log, "-o", options, "start"])
        try:
            yield Server(port)
        finally:
            _run([programs / "pg_ctl", "-D", store, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(require: Callable[[str, bool, str], None]) -> Iterator[Server]:
    """Start a server with a database ``gis`` that has PostGIS."""
    programs = find_programs()
    if programs is None or importlib.util.find_spec("psycopg") is None:
        require("postgis", False, WHY)
        return
    with open_server(programs) as started:
        with started.connect() as connection:
            connection.execute("create database gis")
        with started.connect("gis") as connection:
            connection.execute("create extension postgis")
        yield started
