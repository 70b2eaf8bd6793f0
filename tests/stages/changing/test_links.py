"""Links: a table of them beside those of the project."""

from __future__ import annotations

from typing import Any

from tests.small_world import write_csv
from tests.stages.changing.ground import Ground, told


def test_a_table_of_links_is_read_as_the_projects_are(ground: Ground, plain: list[Any]) -> None:
    rows = [{"a": "00100", "b": "00300", "what": "협력"}, {"a": "I1", "b": "I3", "what": "연구"}]
    (ground.folder / "more.csv").write_text(write_csv(rows), encoding="utf-8")
    text = """
[[linkages]]
path = "more.csv"
form = "pairs"
columns = { source = "a", target = "b", kind = "what" }
kinds = { "협력" = "firm_firm", "연구" = "research" }
"""
    _, altered = ground.change(text)
    found = ground.count(altered)[1]
    for edge in plain:
        found.remove(edge)
    assert found == [("00100", "00300", "firm_firm"), ("I1", "I3", "research")]
    assert told(altered) == ["2 links of more.csv are added."]
    rows[1]["b"] = "00399"
    (ground.folder / "more.csv").write_text(write_csv(rows), encoding="utf-8")
    line = ground.refuse(text)
    assert line.startswith("change.toml [[linkages]] 1 (more.csv), column target, row 3")
    assert "00399" in line
