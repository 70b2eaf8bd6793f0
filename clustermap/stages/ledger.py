"""The ledger: every row read is kept, quarantined or left out, and the sums must agree."""

from __future__ import annotations

import hashlib
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from clustermap.checks import FAULTS
from clustermap.errors import TableFault, shorten
from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping


_ROWS_NAMED = 8
DIALECT = "dialect_"
"""Before the name of a dialect, in the facts of a table: rows that were read as such."""

MENDED = "mended_"
"""Facts of cells whose control characters were replaced begin so; then comes the column."""
_FACTS_SAID = (
    "rows_elsewhere",
    "rows_inactive",
    "rows_of_same_actor",
    "actors_of_several_names",
    "actors_of_several_points",
    "actors_of_several_kinds",
    "actors_on_shared_points",
    "rows_of_several",
    "rows_repeated",
    "rows_beside",
    "rows_without_year",
    "persons_left_out",
    "inventors_left_out",
    "rows_closed",
    "ids_made",
    "drawn_as_circles",
    "areas_in_m2",
    "areas_in_1000_m2",
    "money_in_units",
    "money_without_unit",
    "codes_converted",
    "codes_shortened",
    "codes_unknown",
    "codes_without_revision",
    "codes_unread",
    "claimed_by_word",
    "claimed_by_firm",
    "made_valid",
    "overlapping_pairs",
    "in_several_clusters",
    "assigned_unknown",
    "coarse_points",
    "too_rough_for_cluster",
    "places_unmatched",
    "places_in_part",
    "codes_undecided",
    "links_unlike_their_kind",
    "road_times_derived",
)
_FEW_INSIDE = 0.1
_ENOUGH_LOCATED = 10
_NOWHERE_NEAR = {f"assigned_{way}" for way in ("district", "region", "unknown")}
"""Ways in which an actor belongs to no cluster because its place is known too roughly or not."""


class Progress(Protocol):
    """Hears how far a run is."""

    def __call__(self, step: Message, done: int, total: int, /) -> None:
        """Take note of a step.

        Parameters
        ----------
        step
            What is being done.
        done, total
            How far; total 0 where it is not known.
        """


def no_progress(step: Message, done: int, total: int, /) -> None:
    """Listen to nothing: for library calls without a progress bar.

    Parameters
    ----------
    step, done, total
        As in Progress.
    """


@dataclass
class Entry:
    """What became of the rows of one table.

    Parameters
    ----------
    read
        Rows read.
    kept
        Rows that the run went on with.
    left_out
        Rows that the project file leaves out (years).
    facts
        What else is worth knowing: polygons made valid, points in several clusters, ...
    """

    read: int = 0
    kept: int = 0
    left_out: int = 0
    facts: dict[str, int] = field(default_factory=dict)


class Received:
    """What a database sent for one table: number of bytes and their SHA-256."""

    def __init__(self) -> None:
        self.bytes = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far: 64 hexadecimal digits."""
        return self._digest.hexdigest()

    def update(self, content: bytes, /) -> None:
        """Take note of some more bytes.

        Parameters
        ----------
        content
            What came next.
        """
        self.bytes += len(content)
        self._digest.update(content)


@dataclass
class Ledger:
    """Entries of all tables of a run, and the rows in quarantine.

    Parameters
    ----------
    max_refused
        Largest share of a table's rows that may be quarantined.
    strict
        Whether a single quarantined row stops the run.
    received
        What databases sent, by table.
    """

    max_refused: float
    strict: bool
    entries: dict[str, Entry] = field(default_factory=dict)
    quarantine: list[pa.Table] = field(default_factory=list)
    received: dict[str, Received] = field(default_factory=dict)

    def close(self, table: str, entry: Entry, faults: pa.Table) -> None:
        """Enter a table whose rows are settled.

        Parameters
        ----------
        table
            Name of the table.
        entry
            What became of its rows.
        faults
            FAULTS: its quarantined rows.

        Raises
        ------
        TableFault
            If the table is empty, if too many rows were refused, or one was and the run is strict.
        AssertionError
            If rows were lost: a fault of the program, never of the data.
        """
        earlier = self.entries.setdefault(table, Entry())
        earlier.read += entry.read
        earlier.kept += entry.kept
        earlier.left_out += entry.left_out
        self.note(table, entry.facts)
        refused = faults.num_rows
        if entry.read != entry.kept + refused + entry.left_out:
            raise AssertionError(
                f"{table}: {entry.read} rows read, {entry.kept} kept, {refused} quarantined, "
                f"{entry.left_out} left out"
            )
        if entry.read == 0:
            raise TableFault("empty_layer", table=table)
        if refused and (self.strict or refused > self.max_refused * entry.read):
            self._refuse(table, entry.read, faults)
        if refused:
            self.quarantine.append(faults)

    def note(self, table: str, facts: Mapping[str, int]) -> None:
        """Enter facts of a table whose rows are not settled yet.

        Parameters
        ----------
        table
            Name of the table.
        facts
            Added to what is known of it.
        """
        if facts:
            known = self.entries.setdefault(table, Entry()).facts
            for name, count in facts.items():
                known[name] = known.get(name, 0) + count

    def fork(self) -> Ledger:
        """Return a ledger that holds the same and goes its own way from here.

        Returns
        -------
        Ledger
            What is entered there does not stand here.
        """
        return replace(
            self,
            entries=deepcopy(self.entries),
            quarantine=list(self.quarantine),
            received=dict(self.received),
        )

    def _refuse(self, table: str, read: int, faults: pa.Table) -> None:
        ordered = faults.sort_by("line")
        first = ordered.slice(0, 1).to_pylist()[0]
        rows = [str(line) for line in ordered["line"].slice(0, _ROWS_NAMED).to_pylist()]
        commonest, _ = Counter(faults["reason"].to_pylist()).most_common(1)[0]
        raise TableFault(
            "strict" if self.strict else "too_many_refused",
            table=f"{table} ({first['file']})",
            column=first["column"],
            row=first["line"],
            value=first["value"],
            why=Message(f"row_fault.{first['reason']}"),
            commonest=_commonest(commonest, first["reason"]),
            refused=faults.num_rows,
            read=read,
            share=f"{100 * faults.num_rows / read:.1f}",
            limit=f"{100 * self.max_refused:g}",
            rows=", ".join([*rows, "…"] if faults.num_rows > _ROWS_NAMED else rows),
        )

    def faults(self) -> pa.Table:
        """Return all rows in quarantine.

        Returns
        -------
        pa.Table
            FAULTS, ordered by table, file and line.
        """
        if not self.quarantine:
            return FAULTS.empty_table()
        keys = [(name, "ascending") for name in ("table", "file", "line", "column")]
        return pa.concat_tables(self.quarantine).sort_by(keys)

    def summary(self) -> dict[str, Any]:
        """Return what became of every table, fit for JSON.

        Returns
        -------
        dict
            Table to read, kept, quarantined, left_out, reasons and facts.
        """
        reasons: dict[str, Counter[str]] = {}
        for row in self.faults().select(["table", "reason"]).to_pylist():
            reasons.setdefault(row["table"], Counter())[row["reason"]] += 1
        return {
            table: {
                "read": entry.read,
                "kept": entry.kept,
                "quarantined": sum(reasons.get(table, Counter()).values()),
                "left_out": entry.left_out,
                "reasons": dict(sorted(reasons.get(table, Counter()).items())),
                **dict(sorted(entry.facts.items())),
            }
            for table, entry in self.entries.items()
        }


def _commonest(reason: str, said: str) -> Message | str:
    """Return the commonest reason, where it was not said already."""
    if reason == said:
        return ""
    return Message("summary.commonest", {"why": Message(f"row_fault.{reason}")})


def say_quarantine(faults: pa.Table) -> list[Message]:
    """Return one sentence for every reason that rows were quarantined, with the first such row.

    Parameters
    ----------
    faults
        From Ledger.faults.

    Returns
    -------
    list
        Messages, table by table.
    """
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    rows: Counter[tuple[str, str]] = Counter()
    for row in faults.to_pylist():
        key = row["table"], row["reason"]
        first.setdefault(key, row)
        rows[key] += 1
    return [
        Message(
            "summary.quarantined",
            {
                "table": table,
                "rows": f"{rows[table, reason]:,}",
                "why": Message(f"row_fault.{reason}"),
                "file": row["file"],
                "line": row["line"],
                "column": row["column"],
                "value": shorten(row["value"], 40),
            },
        )
        for (table, reason), row in first.items()
    ]


_COMPLEX_WAYS = ("identifier", "name", "normal", "alias", "individual", "unmatched")
_NAME_WAYS = ("exact", "form", "branch")


def _say_matches(table: str, entry: Mapping[str, Any]) -> list[Message]:
    """Return how names of complexes, and of actors that are linked, were matched."""
    said = []
    for what, ways in (("complex", _COMPLEX_WAYS), ("names", _NAME_WAYS)):
        found = {way: entry.get(f"{what}_{way}", 0) for way in ways}
        if any(found.values()):
            counts = {**found, "total": sum(found.values())}
            counts["firms"] = entry.get(f"{what}_unmatched_firms", 0)
            values = {"table": table, **{name: f"{count:,}" for name, count in counts.items()}}
            said.append(Message(f"summary.{what}", values))
    return said


def none_placed(entry: Mapping[str, Any]) -> bool:
    """Return whether nothing says of any actor of a table in which cluster it might stand.

    Parameters
    ----------
    entry
        The table in Ledger.summary.

    Returns
    -------
    bool
        False also for a table of nobody, or of nobody on the map.
    """
    ways = {fact for fact, rows in entry.items() if fact.startswith("assigned_") and rows}
    return bool(ways) and ways <= _NOWHERE_NEAR


def say_facts(summary: Mapping[str, Any]) -> list[Message]:
    """Return one sentence for everything else that a reader should know of the tables.

    Parameters
    ----------
    summary
        From Ledger.summary.

    Returns
    -------
    list
        Messages, table by table; first the warning that hardly any actor lies in a cluster, or that
        nothing says of any whether it does.
    """
    said = []
    for table, entry in summary.items():
        said += [
            Message(
                "summary.dialect",
                {
                    "table": table,
                    "rows": f"{rows:,}",
                    "name": fact.removeprefix(DIALECT),
                    "dialect": Message(f"dialect.{fact.removeprefix(DIALECT)}"),
                },
            )
            for fact, rows in entry.items()
            if fact.startswith(DIALECT)
        ]
        said += [
            Message(
                "summary.mended",
                {"table": table, "column": fact.removeprefix(MENDED), "rows": f"{rows:,}"},
            )
            for fact, rows in entry.items()
            if fact.startswith(MENDED)
        ]
        if none_placed(entry):
            said.append(
                Message("summary.none_placed", {"table": table, "rows": f"{entry['kept']:,}"})
            )
        inside = sum(entry.get(f"assigned_{way}", 0) for way in ("inside", "nearest"))
        located = inside + entry.get("assigned_grid", 0)
        if located >= _ENOUGH_LOCATED and inside < _FEW_INSIDE * located:
            values = {"table": table, "inside": inside, "located": located}
            said.append(Message("summary.few_inside", values))
        said += _say_matches(table, entry)
        said += [
            Message(f"summary.{fact}", {"table": table, "rows": f"{entry[fact]:,}"})
            for fact in _FACTS_SAID
            if entry.get(fact)
        ]
    return said
