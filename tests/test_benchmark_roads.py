"""The benchmark of roads, at the size of a village."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scripts.benchmark import roads

if TYPE_CHECKING:
    from pathlib import Path


def test_the_grid_is_a_road_network() -> None:
    lon, lat, source, target, seconds = roads.draw_grid(2_000)
    assert len(source) == pytest.approx(2_000, rel=0.1)
    assert len(lon) == len(lat) == 30**2
    assert set(np.unique(seconds)) == {400 / (kph / 3.6) for kph in (30, 50, 80)}
    away = np.hypot(lon[source] - lon[target], lat[source] - lat[target])
    assert away.max() < 2 * roads.STEP
    ways = set(zip(source.tolist(), target.tolist(), strict=True))
    assert 0.8 < np.mean([(b, a) in ways for a, b in ways]) < 0.97


def test_reading_and_search_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in (("FIRMS", 600), ("INSTITUTES", 60), ("INTERMEDIARIES", 5)):
        monkeypatch.setattr(roads, name, value)
    monkeypatch.setattr(roads, "CLUSTERS", 10)
    monkeypatch.setattr(roads, "measure_reading", roads.read)
    assert roads.main(["--edges", "2000"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"read", "search_s", "goal_s", "join_s"} <= set(told)
    assert told["nodes"] == 900
    assert 0 < told["firms_a_body"] <= 600
    file = tmp_path / "own.graphml"
    file.write_text("".join(roads.spell_graphml(roads.draw_grid(200))), encoding="utf-8")
    assert roads.main(["--read", str(file), "--by", "osmnx"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] >= 0
