"""What a fictional world is made from: its size, the law of its links, and what is planted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

LAWS: Mapping[str, Mapping[str, float]] = {
    "base": {},
    "regional_decay": {"decay_spread": 2.0},
    "capital": {"capital": 0.6},
    "attachment": {"attachment": 0.5},
    "projects": {"project_share": 1.0},
    "heterogeneity": {"heterogeneity": 0.25},
}
"""Laws by name, and in which parameters each departs from the plain one."""
FACTORS = {
    "none": (1.0, 1.0),
    "internal": (2.0, 1.0),
    "external": (1.0, 2.0),
    "both": (2.0, 2.0),
    "half": (0.5, 0.5),
}
"""Planted kinds of cluster: factor on links inside and on links with others."""
PLANTED = {
    "linkage": ("internal", "external", "both", "half"),
    "brokerage": ("gatekeepers", "apart"),
    "resilience": ("concentrated", "even"),
}
"""What can be planted, and the kinds of cluster that it makes."""
LEAST_FIRMS = 5  # a cluster, outside firms counted in
LEAST_INSTITUTES = 20
_STAGES = (
    *("clusters", "firms", "institutes", "partners", "activity"),
    *("planting", "noise", "pairs", "projects"),
    *("groups", "decay", "roles", "years", "redrawing", "accounts"),
    "grants",
)


@dataclass(frozen=True)
class Parameters:
    """What a world is made from, besides its seed.

    Parameters
    ----------
    clusters
        Number of clusters.
    firms
        Number of firms.
    links
        Number of linkages, pairs and projects together; a project of k counts k (k - 1) / 2.
    institutes
        Number of institutes and support bodies.
    partners
        Number of partners abroad.
    outside
        Share of firms in no cluster.
    project_share
        Share of the linkages that come from projects.
    planted_share
        Share of the clusters planted, for each kind that is planted.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e.
    near_km
        Distance at which they are halved besides.
    activity
        Spread (log) of how often actors of one cell are linked; the law of cells stays as it is.
    heterogeneity
        Variance of a gamma multiplier on every pair of cells; 0 for none.
    law
        Name of the law; one of LAWS.
    planted
        What is planted; one of PLANTED.
    decay_spread
        Every region has its own decay, from ``decay_km`` divided by this to ``decay_km`` times
        this; 1 for one decay everywhere.
    capital
        Share of the headquarters of firms with several sites that stand in one region; links of
        their plants are then booked at the headquarters. 0 for neither.
    attachment
        What the links of an average actor add to its chance of further ones until the last is
        drawn, against its chance at the start: 1 + c x links so far, where c is this over the
        mean number of links of an actor. 0 for nothing.
    """

    clusters: int
    firms: int
    links: int
    institutes: int
    partners: int
    outside: float = 0.24
    project_share: float = 0.5
    planted_share: float = 0.03
    mass: float = 0.9
    decay_km: float = 40.0
    near_km: float = 10.0
    activity: float = 0.8
    heterogeneity: float = 0.0
    law: str = "base"
    planted: str = "linkage"
    decay_spread: float = 1.0
    capital: float = 0.0
    attachment: float = 0.0

    @property
    def project_links(self) -> int:
        """Links that come from projects."""
        return round(self.project_share * self.links)


def choose_law(parameters: Parameters) -> Parameters:
    """Return parameters with what their law changes.

    Parameters
    ----------
    parameters
        As asked.

    Returns
    -------
    parameters.Parameters
        As asked, but for what the law named in them says.

    Raises
    ------
    ValueError
        If there is no such law, or nothing of that name to plant, too few clusters, firms or
        institutes, or a share out of range.
    """
    for key, known in (("law", LAWS), ("planted", PLANTED)):
        if getattr(parameters, key) not in known:
            raise ValueError(f"{key} = {getattr(parameters, key)}: one of {', '.join(known)}")
    changes = LAWS[parameters.law]
    chosen = replace(
        parameters,
        decay_spread=changes.get("decay_spread", parameters.decay_spread),
        capital=changes.get("capital", parameters.capital),
        attachment=changes.get("attachment", parameters.attachment),
        project_share=changes.get("project_share", parameters.project_share),
        heterogeneity=changes.get("heterogeneity", parameters.heterogeneity),
    )
    _check(chosen)
    return chosen


def _check(parameters: Parameters) -> None:
    least = {
        "clusters": 2,
        "firms": LEAST_FIRMS * parameters.clusters,
        "institutes": LEAST_INSTITUTES,
        "partners": 0,
        "links": 0,
    }
    for name, smallest in least.items():
        if getattr(parameters, name) < smallest:
            raise ValueError(f"{name} = {getattr(parameters, name)}: {smallest} at least")
    most = {"outside": 0.4, "project_share": 1.0, "planted_share": 0.25}
    for name, largest in most.items():
        if not 0 <= getattr(parameters, name) <= largest:
            raise ValueError(f"{name} = {getattr(parameters, name)}: 0 to {largest}")


def open_stream(seed: int, stage: str, *numbers: int) -> np.random.Generator:
    """Return the source of chance of one stage.

    Each has its own: more links change no place, and planting changes no name.

    Parameters
    ----------
    seed
        Seed of the world or of its links.
    stage
        What is drawn.
    *numbers
        Which repetition.

    Returns
    -------
    np.random.Generator
        The same for the same arguments.
    """
    return np.random.Generator(np.random.PCG64([seed, _STAGES.index(stage), *numbers]))
