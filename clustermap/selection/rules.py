"""Rules of a selection: each is a few rows of the constraint matrix, and has a name to be told.

A row says ``low <= sum of coefficient x chosen <= high``. Rules name the clusters that they speak
of, so that a problem needs no other table to be solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

Measure = Literal["clusters", "share"]
"""What a floor or a cap counts: clusters, or their share of the money that is spent."""

NAMED_GROUPS = 4
"""Groups that are named where one bound holds for many."""

GROUPED_BY = ("region", "industry", "kind")
"""Columns of clusters whose groups have a word of their own in the catalogue."""

BUDGET = "budget"
"""Family of the budget, which no problem is without."""


@dataclass(frozen=True)
class Row:
    """One row of the constraint matrix.

    Parameters
    ----------
    places
        Positions of the clusters that have a coefficient.
    coefficients
        Their coefficients.
    low, high
        Least and largest sum over the chosen; infinite where there is no such end.
    """

    places: npt.NDArray[np.intp]
    coefficients: Numbers
    low: float
    high: float


@dataclass(frozen=True)
class Budget:
    """The money that may be spent.

    Parameters
    ----------
    amount
        In the currency of the costs.
    """

    amount: float

    @property
    def family(self) -> str:
        """Name that it is priced by."""
        return BUDGET

    @property
    def name(self) -> Message:
        """What it says."""
        return Message("selection.rule.budget", {"amount": f"{self.amount:,.15g}"})

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters.

        Returns
        -------
        list
            One row.
        """
        return [Row(np.arange(len(at)), costs, -np.inf, self.amount)]


@dataclass(frozen=True)
class Floor:
    """At least so many clusters of a group, or so large a share of the money that is spent.

    A share is of what is spent, not of the budget: a floor that a region cannot fill then holds the
    others back instead of making every portfolio impossible, and more money never hurts.

    Parameters
    ----------
    family
        Name of the rule as it was written, for all its groups; it is priced as a whole.
    group
        Label of the group.
    members
        Clusters of the group.
    least
        Least number of clusters, or least share from 0 to 1.
    measure
        "clusters" or "share".
    """

    family: str
    group: str
    members: tuple[str, ...]
    least: float
    measure: Measure = "clusters"

    @property
    def name(self) -> Message:
        """What it says."""
        return _name_bound("floor", self.measure, self.group, self.least)

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters.

        Returns
        -------
        list
            One row.
        """
        if self.measure == "share":
            return [_share_row(self.members, self.least, at, costs, (0.0, np.inf))]
        return [_count_row(self.members, at, self.least, np.inf)]


@dataclass(frozen=True)
class Cap:
    """At most so many clusters of a group, or so large a share of the money that is spent.

    Parameters
    ----------
    family
        Name of the rule as it was written, for all its groups; it is priced as a whole.
    group
        Label of the group.
    members
        Clusters of the group.
    most
        Largest number of clusters, or largest share from 0 to 1.
    measure
        "clusters" or "share".
    """

    family: str
    group: str
    members: tuple[str, ...]
    most: float
    measure: Measure = "clusters"

    @property
    def name(self) -> Message:
        """What it says."""
        return _name_bound("cap", self.measure, self.group, self.most)

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters.

        Returns
        -------
        list
            One row.
        """
        if self.measure == "share":
            return [_share_row(self.members, self.most, at, costs, (-np.inf, 0.0))]
        return [_count_row(self.members, at, -np.inf, self.most)]


@dataclass(frozen=True)
class Exclusive:
    """Of clusters that share ground at most one.

    Parameters
    ----------
    clusters
        The clusters.
    family
        Name that all such rules are priced by.
    """

    clusters: tuple[str, ...]
    family: str = "overlaps"

    @property
    def name(self) -> Message:
        """What it says."""
        return Message("selection.rule.exclusive", {"clusters": self.clusters})

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:  # noqa: ARG002
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters, which do not matter here.

        Returns
        -------
        list
            One row.
        """
        return [_count_row(self.clusters, at, -np.inf, 1.0)]


@dataclass(frozen=True)
class Must:
    """A cluster that is chosen whatever its value.

    Parameters
    ----------
    cluster
        The cluster.
    """

    cluster: str

    @property
    def family(self) -> str:
        """Name that it is priced by."""
        return f"must {self.cluster}"

    @property
    def name(self) -> Message:
        """What it says."""
        return Message("selection.rule.must", {"cluster": self.cluster})

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:  # noqa: ARG002
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters, which do not matter here.

        Returns
        -------
        list
            One row.
        """
        return [_count_row((self.cluster,), at, 1.0, np.inf)]


@dataclass(frozen=True)
class MustNot:
    """A cluster that is never chosen.

    Parameters
    ----------
    cluster
        The cluster.
    """

    cluster: str

    @property
    def family(self) -> str:
        """Name that it is priced by."""
        return f"must_not {self.cluster}"

    @property
    def name(self) -> Message:
        """What it says."""
        return Message("selection.rule.must_not", {"cluster": self.cluster})

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:  # noqa: ARG002
        """Return its row.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters, which do not matter here.

        Returns
        -------
        list
            One row.
        """
        return [_count_row((self.cluster,), at, -np.inf, 0.0)]


@dataclass(frozen=True)
class Ineligible:
    """Clusters that may not be chosen for one reason, e.g. because the data do not rate them.

    Parameters
    ----------
    clusters
        The clusters.
    reason
        What they lack: a key below ``selection.ineligible`` in the catalogue, and the family that
        the rule is priced by.
    """

    clusters: tuple[str, ...]
    reason: str = "unrated"

    @property
    def family(self) -> str:
        """Name that it is priced by."""
        return self.reason

    @property
    def name(self) -> Message:
        """What it says."""
        return Message(f"selection.ineligible.{self.reason}", {"count": len(self.clusters)})

    def rows(self, at: Mapping[str, int], costs: Numbers) -> list[Row]:  # noqa: ARG002
        """Return its rows.

        Parameters
        ----------
        at
            Position of every cluster.
        costs
            Costs of the clusters, which do not matter here.

        Returns
        -------
        list
            One row a cluster.
        """
        return [_count_row((cluster,), at, -np.inf, 0.0) for cluster in self.clusters]


Rule = Budget | Floor | Cap | Exclusive | Must | MustNot | Ineligible
"""A rule of a selection."""


def name_families(rules: Iterable[Rule]) -> dict[str, Message]:
    """Say what each family of rules asks for.

    Parameters
    ----------
    rules
        The rules.

    Returns
    -------
    dict
        Family to what it says; one bound of many groups is said once.
    """
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    return {family: _name_family(own) for family, own in families.items()}


def _name_family(rules: list[Rule]) -> Message:
    first = rules[0]
    if len(rules) == 1:
        return first.name
    if isinstance(first, Floor | Cap):
        groups = [rule.group for rule in rules if isinstance(rule, Floor | Cap)]
        told = tuple(groups[:NAMED_GROUPS])
        by = Message(f"selection.by.{_column(first.family)}", {"count": len(groups)})
        values = {**first.name.values, "group": told, "count": len(groups), "by": by}
        return Message(f"{first.name.key}_each{'' if told == tuple(groups) else '_many'}", values)
    return Message("selection.rule.overlaps", {"count": len(rules)})


def _column(family: str) -> str:
    """Return by what the groups of a rule are told apart, from its name: "1 region max"."""
    return next((word for word in family.split()[1:2] if word in GROUPED_BY), "group")


def _name_bound(bound: str, measure: Measure, group: str, end: float) -> Message:
    told = f"{100 * end:.6g}" if measure == "share" else f"{end:g}"
    return Message(f"selection.rule.{bound}_{measure}", {"group": group, "end": told})


def _find(members: tuple[str, ...], at: Mapping[str, int]) -> npt.NDArray[np.intp]:
    unknown = [member for member in members if member not in at]
    if unknown:
        raise ValueError(f"rules name clusters that are not there: {unknown}")
    return np.array(sorted(at[member] for member in set(members)), dtype=np.intp)


def _count_row(members: tuple[str, ...], at: Mapping[str, int], low: float, high: float) -> Row:
    places = _find(members, at)
    return Row(places, np.ones(len(places)), low, high)


def _share_row(
    members: tuple[str, ...],
    share: float,
    at: Mapping[str, int],
    costs: Numbers,
    ends: tuple[float, float],
) -> Row:
    # Money of the group less its share of all money spent.
    inside = np.zeros(len(at))
    inside[_find(members, at)] = 1.0
    return Row(np.arange(len(at)), (inside - share) * costs, *ends)
