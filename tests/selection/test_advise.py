"""Advice on the small world, from its files to all tables."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from clustermap.project import open_project
from clustermap.scores.parts import Linkages
from clustermap.selection.advise import Material, advise_clusters
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.measuring import measure_clusters
from clustermap.stages.reading import read_layers
from clustermap.stages.scoring import assess_clusters, standardise_links
from clustermap.store import open_scratch
from clustermap.tables import OUTPUT_TABLES
from tests.small_world import CLUSTERS, FIRMS_A_CLUSTER, build_small_world

if TYPE_CHECKING:
    from collections.abc import Iterator

GRANTS = pd.DataFrame(
    {
        "programme": ["P", "P", "Q"],
        "beneficiary": ["00100", "00101", "C2"],
        "amount": [10.0, 30.0, 5.0],
        "start": [2020, 2020, 2020],
        "end": [2020, 2020, 2020],
    }
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Material]:
    world = build_small_world()
    for row in world.institutes:
        row["fields"] = "bio;robot"
    # In the last cluster nobody takes its support body; so no body is near C4 to C6.
    world.institutes = [row for row in world.institutes if row["institute"] != "I6"]
    world.pairs = [row for row in world.pairs if "I6" not in (row["source"], row["target"])]
    project = open_project(world.write(tmp_path_factory.mktemp("advice")))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    with ExitStack() as stack:
        scratch = stack.enter_context(open_scratch())
        network = count_network(project, layers, ledger, no_progress, scratch)
        found = standardise_links(project, network, no_progress)
        measured = measure_clusters(layers, network, found, no_progress)
        indicators = measured.indicators
        assessed = assess_clusters(project, layers, network, found, measured, no_progress)
        institutes, firms = (layers.actors[name] for name in ("institutes", "firms"))
        held = zip(firms["cell"].to_pylist(), firms["industry"].to_pylist(), strict=True)
        clusters = layers.clusters.assign(
            permitted=["26;64"] + [""] * (CLUSTERS - 1), industries=["bio"] * CLUSTERS
        )
        yield Material(
            clusters,
            Linkages(network.observed, found, network.edges, layers.register),
            {
                **assessed.tables,
                "subscores": assessed.scored.subscores,
                "indicators": indicators,
            },
            network.counts.by_sector,
            [
                (key, fields)
                for key, fields in zip(
                    institutes["institute"].to_pylist(),
                    institutes["fields"].to_pylist(),
                    strict=True,
                )
            ],
            [(cell, code) for cell, code in held if cell in set(clusters.index)],
            layers.taxonomy,
            {"26": "science_based", "29": "specialised_suppliers"},
        )


def test_all_tables_are_as_declared(material: Material) -> None:
    declared = {table.name: table for table in OUTPUT_TABLES}
    found = advise_clusters(replace(material, grants=GRANTS))
    assert set(found) == {
        *("diagnosis", "diffusion", "permitted_gaps", "missing_links"),
        *("intermediaries", "next_sites", "support_measures"),
    }
    for name, table in found.items():
        assert list(table) == [column.name for column in declared[name].columns]
        assert not table.duplicated(list(declared[name].key)).any()
        for column in declared[name].required:
            assert table[column].notna().all()


def test_advice_on_the_small_world_by_hand(material: Material) -> None:
    found = advise_clusters(material)
    assert "support_measures" not in found
    firms = found["diffusion"].set_index("cluster")
    # Ten firms in turn of electronics, drugs and machines, of which no group is given for drugs.
    assert firms.loc["C1", ["science_based", "specialised_suppliers", "ungrouped"]].tolist() == [
        *(4, 3, 3)
    ]
    gaps = found["permitted_gaps"].itertuples(index=False, name=None)
    assert list(gaps) == [
        *(("C1", "21", "barred", 3), ("C1", "29", "barred", 3)),
        *(("C1", "64", "unused", 0), ("C1", "bio", "needed", 3)),
    ]
    bodies = found["intermediaries"].set_index("institute")
    # I2 and I4 reach all within 30 km, and are linked with the ten firms of their own cluster.
    assert bodies["near_firms"].tolist() == [CLUSTERS * FIRMS_A_CLUSTER] * 2
    assert bodies["near_linked"].tolist() == [FIRMS_A_CLUSTER] * 2
    assert bodies["joined"].tolist() == [1, 1]
    assert found["next_sites"].empty
    whole = found["diagnosis"].query("condition == ''").set_index(["situation", "cluster"])["holds"]
    assert whole["government_failure"].isna().all()
    # All universities work in the field that every cluster is designated for.
    assert (whole["institutional_mismatch"] == 0).all()
    shared = found["diagnosis"].query("condition == 'fields_differ'")
    assert shared["value"].tolist() == [1.0] * CLUSTERS
    assert shared["basis"].tolist() == [3.0] * CLUSTERS


def test_grants_reach_the_diagnosis(material: Material) -> None:
    found = advise_clusters(replace(material, grants=GRANTS))
    support = found["support_measures"].set_index("cluster")
    assert support["money"].to_dict() == {"C1": 40.0, "C2": 5.0}
    table = found["diagnosis"].set_index(["condition", "cluster"])
    assert table.loc["split_thin", "value"].to_dict()["C1"] == 1.0
    assert (table.loc["split_thin", "holds"] == 0).all()


def test_the_order_of_the_material_changes_nothing(material: Material) -> None:
    turned = replace(
        material,
        tables={name: table.iloc[::-1] for name, table in material.tables.items()},
        by_sector=material.by_sector.iloc[::-1],
        institutes=list(material.institutes)[::-1],
        firms=list(material.firms)[::-1],
    )
    first, again = advise_clusters(material), advise_clusters(turned)
    for name, table in first.items():
        pd.testing.assert_frame_equal(again[name], table)
