"""The ledger: read = kept + quarantined + left out, and no table too bad goes on."""

from __future__ import annotations

import pyarrow as pa
import pytest

from clustermap.checks import FAULTS
from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.stages.ledger import Entry, Ledger, no_progress, say_facts, say_quarantine


def faults(*lines: int, reason: str = "empty", file: str = "공장.csv") -> pa.Table:
    rows = [
        {
            "table": "firms",
            "file": file,
            "line": n,
            "column": "firm",
            "value": f"값{n}",
            "reason": reason,
        }
        for n in lines
    ]
    return pa.Table.from_pylist(rows, FAULTS)


def test_what_is_closed_is_summed_up() -> None:
    ledger = Ledger(0.5, strict=False)
    ledger.close("firms", Entry(10, 7, 1, {"assigned_inside": 7}), faults(9, 4))
    ledger.close("clusters", Entry(3, 3, 0, {"made_valid": 1}), faults())
    assert ledger.summary() == {
        "firms": {
            "read": 10,
            "kept": 7,
            "quarantined": 2,
            "left_out": 1,
            "reasons": {"empty": 2},
            "assigned_inside": 7,
        },
        "clusters": {
            "read": 3,
            "kept": 3,
            "quarantined": 0,
            "left_out": 0,
            "reasons": {},
            "made_valid": 1,
        },
    }
    assert ledger.faults()["line"].to_pylist() == [4, 9]
    (sentence,) = say_quarantine(ledger.faults())
    assert say(sentence, "en") == (
        "firms: 2 set aside - the value is empty. First: 공장.csv, row 4, firm '값4'."
    )
    assert "2행" in say(sentence, "ko")
    no_progress(sentence, 0, 1)


@pytest.mark.parametrize("entry", [Entry(10, 9), Entry(10, 10), Entry(9, 7, 1), Entry(10, 7, 2)])
def test_a_row_lost_is_a_fault_of_the_program(entry: Entry) -> None:
    with pytest.raises(AssertionError, match=r"firms: .* rows read"):
        Ledger(1.0, strict=False).close("firms", entry, faults(2, 3))


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(TableFault) as caught:
        Ledger(1.0, strict=False).close("firms", Entry(), faults())
    assert caught.value.reason == "empty_layer"


def test_as_many_as_allowed_may_be_refused() -> None:
    ledger = Ledger(0.2, strict=False)
    ledger.close("firms", Entry(10, 8), faults(2, 3))
    mixed = pa.concat_tables([faults(7, 8, reason="negative"), faults(3)])
    with pytest.raises(TableFault) as caught:
        ledger.close("firms", Entry(10, 7), mixed)
    fault = caught.value
    assert (fault.reason, fault.row, fault.value) == ("too_many_refused", 3, "값3")  # the first
    line = str(fault)
    assert "firms (공장.csv), column firm, row 3" in line
    assert "3 of 10 rows (30.0 %) are faulty, more than 20 %" in line
    assert "The first: the value is empty. The commonest: it is negative." in line


def test_a_strict_ledger_takes_no_faulty_row() -> None:
    with pytest.raises(TableFault) as caught:
        Ledger(1.0, strict=True).close("firms", Entry(1000, 999), faults(5))
    assert caught.value.reason == "strict"
    Ledger(0.0, strict=True).close("firms", Entry(5, 5), faults())


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"assigned_district": 290, "assigned_region": 6, "assigned_unknown": 4}, True),
        ({"assigned_unknown": 300}, True),
        ({"assigned_district": 299, "assigned_complex": 1}, False),
        ({"assigned_district": 299, "assigned_inside": 1}, False),
        ({"assigned_district": 299, "assigned_nearest": 1}, False),
        ({"assigned_district": 299, "assigned_grid": 1}, False),  # its place is known: elsewhere
        ({"assigned_abroad": 300}, False),
        ({}, False),
    ],
)
def test_a_table_of_which_no_actor_can_stand_in_a_cluster_is_told(
    facts: dict[str, int], *, told: bool
) -> None:
    lines = [say(m, "en") for m in say_facts({"firms": {"kept": 300, **facts}})]
    mind = [line for line in lines if line.startswith("Mind - firms: none of 300 stands in")]
    assert len(mind) == told


def test_values_whose_control_characters_were_replaced_are_told_by_column() -> None:
    lines = [say(m, "en") for m in say_facts({"firms": {"mended_name": 2, "mended_address": 1}})]
    assert lines == [
        "firms: control characters in 2 values of name became \ufffd.",
        "firms: control characters in 1 values of address became \ufffd.",
    ]


def test_nothing_in_quarantine_is_an_empty_table() -> None:
    assert Ledger(1.0, strict=False).faults().schema == FAULTS
