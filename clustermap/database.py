"""Databases: where one lies, how it is opened, and what its refusals mean in one line.

An address never holds a password. PostgreSQL's own library takes it from the environment
(``PGPASSWORD``, ``PGPASSFILE`` or ``.pgpass``, a service file), as it takes user, host and port
where the address leaves them out; this program never sees it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, quote, unquote

from clustermap.errors import TableFault, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg
    from psycopg.rows import TupleRow

    Connection: TypeAlias = "psycopg.Connection[TupleRow]"

_MEANT = re.compile(r"\s*postgres[\w+]*:|.*\b(?:password|dbname)\s*=", re.IGNORECASE | re.DOTALL)
_PLACE = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_SECRET = re.compile(r"\s*([a-z][a-z0-9+.-]*:/*)(?:.*@)?([^?#]*).*", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r"(.*?)(?::(\d{1,5}))?", re.DOTALL)
_OPTIONS = ("sslmode", "service")
_ALWAYS = {"client_encoding": "utf8", "connect_timeout": "10", "application_name": "clustermap"}
_WHY = 200  # characters of what the server says that fit a line

STATEMENT_TIMEOUT = "1h"
"""How long one statement may take where neither server nor user sets a limit."""

LOCK_TIMEOUT = "30s"
"""How long a table that someone else changes is waited for."""

_SETTINGS = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",  # the shortest text that gives the number back
    "synchronize_seqscans": "off",  # else a long table may be read from its middle
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": "0",  # files are written meanwhile
}
"""What texts and orders would depend on otherwise."""

_REASONS = {
    "42501": "database_denied",
    "25006": "database_writes",
    "57014": "database_timeout",
    "55P03": "database_in_use",
    "22021": "database_text",
    "22P05": "database_text",
    "40001": "database_in_use",  # someone else exports at the same time
    "40P01": "database_in_use",
    "42P06": "database_in_use",
    "42P07": "database_in_use",
    "2BP01": "database_depends",
    "57P01": "database_lost",
    "57P02": "database_lost",
    "57P03": "database_closed",
}
"""State that the server names to fault; any other is the query's, or told as it comes."""

_WITHOUT_VALUE = "08P01"  # a query with $1: the protocol misses a value, the connection holds


@dataclass(frozen=True)
class Address:
    """Where a database lies; never with a password.

    Parameters
    ----------
    host, port, user, database
        As in the address; "" leaves it to the environment.
    options
        Names and values of sslmode and service, where the address gives them.
    """

    host: str = ""
    port: str = ""
    user: str = ""
    database: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        """The address as people and files may see it: without user."""
        place = f"{quote(self.host, safe=':,[]')}{f':{self.port}' if self.port else ''}"
        options = "&".join(f"{name}={quote(value)}" for name, value in self.options)
        name = quote(self.database)
        return f"postgresql://{place}/{name}{f'?{options}' if options else ''}"

    @property
    def parts(self) -> Mapping[str, str]:
        """What PostgreSQL's library is told; what is left out comes from the environment."""
        named = {
            "host": self.host.strip("[]"),
            "port": self.port,
            "user": self.user,
            "dbname": self.database,
        }
        return {name: value for name, value in named.items() if value} | dict(self.options)


def is_address(text: str) -> bool:
    """Return whether a text is meant as the address of a database.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    bool
        True also where it cannot be read: other schemes, ``dbname=...``.
    """
    return bool(_MEANT.match(text))


def holds_password(text: str) -> bool:
    """Return whether an address holds a password, however it is written.

    Parameters
    ----------
    text
        An address.

    Returns
    -------
    bool
        In doubt True.
    """
    _, _, rest = text.partition(":")
    before, at, _ = rest.lstrip("/").rpartition("@")
    return bool(at and ":" in before) or "password" in unquote(rest or text).lower()


def hide_secrets(text: str) -> str:
    """Return an address without user, password and options, to be shown.

    Parameters
    ----------
    text
        Any text; what is no address stays as it is.

    Returns
    -------
    str
        E.g. ``"postgresql://…@host/db"``.
    """
    found = _SECRET.match(text)
    if not found:
        return "…" if is_address(text) else text
    return f"{found[1]}{'…@' if '@' in text else ''}{found[2]}{'?…' if '?' in text else ''}"


def parse_address(text: str) -> Address | None:
    """Read the address of a database.

    Parameters
    ----------
    text
        ``postgresql://user@host:port/database``; each part may be left out.

    Returns
    -------
    Address or None
        None where it cannot be read; one with a password is never.

    Examples
    --------
    >>> parse_address("postgresql://reader@db.example:5433/gis").shown
    'postgresql://db.example:5433/gis'
    >>> parse_address("postgresql://reader:secret@db.example/gis") is None
    True
    """
    start = _PLACE.match(text)
    if not start or holds_password(text) or not text.isprintable() or "#" in text:
        return None
    rest, _, query = text[start.end() :].partition("?")
    place, _, database = rest.partition("/")
    user, _, machine = place.rpartition("@")
    found = _PORT.fullmatch(machine)
    host, port = (found[1], found[2] or "") if found else (machine, "")
    options = tuple(parse_qsl(query, keep_blank_values=True))
    plain = host.strip("[]")
    wrong = [
        "/" in database,
        ":" in plain and not host.startswith("["),
        bool(port) and not 0 < int(port) < 2**16,
        any(name not in _OPTIONS or not value for name, value in options),
        bool(query) and not options,
    ]
    if any(wrong):
        return None
    return Address(unquote(host), port, unquote(user), unquote(database), options)


@contextmanager
def open_database(address: Address, table: str, *, write: bool = False) -> Iterator[Connection]:
    """Open a database for one transaction, which counts only if the block ends well.

    Parameters
    ----------
    address
        Where it lies.
    table
        Table at fault where it refuses.
    write
        Whether the transaction may write; else the server refuses whatever would.

    Yields
    ------
    psycopg.Connection
        All that is read is of one moment.

    Raises
    ------
    TableFault
        If the driver is not installed, or the database cannot be opened or refuses something.
    """
    try:
        import psycopg  # noqa: PLC0415 -- an extra, and --help comes without it
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415
    except ImportError:
        raise TableFault("database_driver", table=table, value=address.shown) from None

    try:
        connection = psycopg.connect(make_conninfo(**_ALWAYS, **address.parts))
    except psycopg.Error as error:
        raise _tell_closed(error, address, table) from None
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = not write
        _settle(connection)
        yield connection
        connection.commit()
    except psycopg.Error as error:
        raise tell_refusal(error, table, address.shown) from None
    finally:
        connection.close()  # without a commit the server takes everything back


def _settle(connection: Connection) -> None:
    for name, value in _SETTINGS.items():
        connection.execute("select set_config(%s, %s, true)", (name, value))
    connection.execute(
        "select set_config('statement_timeout', %s, true)"
        " where current_setting('statement_timeout') = '0'",
        (STATEMENT_TIMEOUT,),
    )


def _tell_closed(error: psycopg.Error, address: Address, table: str) -> TableFault:
    """Return why a database was not opened; the server names no state before it lets us in."""
    why, asked = _first_line(str(error).rpartition("failed: ")[2]), False
    if error.pgconn is not None:
        used = error.pgconn.used_password and "password" in why.lower()
        asked = error.pgconn.needs_password or used
        user = error.pgconn.user.decode(errors="replace")
        why = why.replace(f'"{user}"', '"…"')
    if asked:
        return TableFault("database_password", table=table, value=address.shown)
    return TableFault("database_closed", table=table, value=address.shown, why=why)


def _first_line(text: str) -> str:
    return shorten(next(iter(text.strip().splitlines()), ""), _WHY)


def tell_refusal(
    error: psycopg.Error, table: str, value: str, reason: str = "database_failed"
) -> TableFault:
    """Return the fault that stands for what a server refused.

    Parameters
    ----------
    error
        What the driver raised.
    table
        Table at fault.
    value
        What was asked for: address, table or query.
    reason
        Fault where the server's state says nothing more telling.

    Returns
    -------
    TableFault
        One line with the server's own first sentence.
    """
    from psycopg import OperationalError  # noqa: PLC0415

    state = error.sqlstate or ""
    found = _REASONS.get(state, reason)
    unnamed = not state and isinstance(error, OperationalError)
    if unnamed or (state.startswith("08") and state != _WITHOUT_VALUE):
        found = "database_lost"
    why = _first_line(error.diag.message_primary or str(error))
    return TableFault(found, table=table, value=value, why=why)


def find_postgis(connection: Connection) -> str | None:
    """Return the schema that PostGIS was installed in.

    Parameters
    ----------
    connection
        An open database.

    Returns
    -------
    str or None
        None where it is not installed.
    """
    found = connection.execute(
        "select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace"
        " where e.extname = 'postgis'"
    ).fetchone()
    return str(found[0]) if found else None
