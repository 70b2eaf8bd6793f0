"""Expected links of chosen pairs are those that the null expects of all pairs and of actors."""

from __future__ import annotations

import numpy as np
import pytest

from clustermap.network.expected import PairExpectation, Stage, expect_ends, expect_pairs
from clustermap.network.meetings import Meetings, expect_meetings
from clustermap.network.null import Fit, find_channels, fit_null, strata_of, sum_margins
from clustermap.network.pairs import count_pairs, relative_sizes
from clustermap.network.standardise import split_channels
from tests.network.nation import CELLS, count, draw_edges, draw_nation


@pytest.fixture(scope="module")
def fitted() -> tuple[Stage, list[Fit]]:
    nation = draw_nation()
    observed = count(nation, [draw_edges(nation, links=4_000)])
    members = observed.drawn.members
    sizes = relative_sizes(members)
    stage = Stage(members, nation.space, nation.strata, sizes)
    channels = find_channels(observed.drawn.ends)
    flows, ends = split_channels(observed, members, channels)
    pairs = count_pairs(members, nation.space)
    fits = [
        fit_null(
            channel,
            pairs.of(*strata_of(channel, nation.strata)),
            sum_margins(channel, flows[channel], ends[channel], nation.strata, sizes),
            nation.strata,
        )
        for channel in channels
    ]
    return stage, fits


def test_pairs_of_cells_are_those_of_the_whole_matrix(fitted: tuple[Stage, list[Fit]]) -> None:
    stage, fits = fitted
    cell, other = (ends.astype(np.int64) for ends in np.triu_indices(CELLS, 1))
    assert any(fit.channel.unordered for fit in fits)
    assert any(not fit.channel.unordered for fit in fits)
    for fit in fits:
        whole = PairExpectation(stage.space)
        whole.add(expect_pairs(fit, stage))
        found = expect_meetings(fit, stage, Meetings(cell, other))
        assert found == pytest.approx(whole.links[cell, other], rel=1e-9, abs=1e-15)


def test_links_of_an_actor_with_all_cells_are_its_own(fitted: tuple[Stage, list[Fit]]) -> None:
    stage, fits = fitted
    home, stratum = np.nonzero(stage.members)
    cell = np.tile(np.arange(CELLS), len(home))
    at = np.repeat(np.arange(len(home)), CELLS)
    for fit in fits:
        meetings = Meetings(cell, home[at], stratum[at])
        found = np.bincount(at, expect_meetings(fit, stage, meetings), len(home))
        assert found == pytest.approx(expect_ends(fit, stage)[home, stratum], rel=1e-9, abs=1e-15)
