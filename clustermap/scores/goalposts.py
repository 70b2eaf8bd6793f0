"""Fixed goalposts: what counts as 1 and what as 100, the same for every year and every sample.

Ends taken from the sample would move every score whenever one cluster joins or leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from clustermap.errors import TableFault
from clustermap.scores.document import Section, parse_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

Transform = Literal["identity", "log"]
LOWEST, HIGHEST = 1.0, 100.0


@dataclass(frozen=True)
class Goalpost:
    """The two ends that a measure is read between.

    Parameters
    ----------
    low
        Value that counts as 1; larger than ``high`` where less is better.
    high
        Value that counts as 100.
    transform
        "log" where equal ratios count as equal steps.
    """

    low: float
    high: float
    transform: Transform = "identity"


@dataclass(frozen=True)
class Goalposts:
    """A version of goalposts.

    Parameters
    ----------
    name
        Name of the file.
    version
        Version, to be quoted with every score that is read on them.
    posts
        Measure (or measure and case, ``"measure.case"``) to its goalpost.
    """

    name: str
    version: str
    posts: Mapping[str, Goalpost]

    def of(self, measure: str, case: str = "") -> Goalpost:
        """Return the goalpost of a measure, the case's own where it has one.

        Parameters
        ----------
        measure
            Name of the measure.
        case
            What sets it apart, e.g. a local reach; "" for none.

        Returns
        -------
        Goalpost
            Its goalpost.

        Raises
        ------
        TableFault
            If it has none.
        """
        post = self.posts.get(f"{measure}.{case}", self.posts.get(measure))
        if post is None:
            raise TableFault("goalposts_missing", table=f"goalposts {self.name}", column=measure)
        return post


def normalise(value: npt.ArrayLike, post: Goalpost) -> Numbers:
    """Read values between fixed goalposts on a scale from 1 to 100.

    ``1 + 99 (t(x) - t(low)) / (t(high) - t(low))``, clipped to [1, 100], t being the transform.

    Parameters
    ----------
    value
        Values of the measure; NaN stays NaN.
    post
        Its goalpost.

    Returns
    -------
    Numbers
        Values between 1 and 100.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC.

    Examples
    --------
    >>> normalise([0.0, 0.25, 0.9], Goalpost(0, 0.5)).tolist()
    [1.0, 50.5, 100.0]
    """
    x, low, high = np.asarray(value, dtype=np.float64), post.low, post.high
    if post.transform == "log":
        ends = min(low, high), max(low, high)
        # Clipped first: a count of zero has no logarithm and lies below every low end.
        x, low, high = np.log(np.clip(x, *ends)), np.log(low), np.log(high)
    share = np.clip((x - low) / (high - low), 0, 1)
    scaled: Numbers = LOWEST + (HIGHEST - LOWEST) * share
    return scaled


def parse_goalposts(text: str, name: str) -> Goalposts:
    """Parse goalposts.

    Parameters
    ----------
    text
        Text of a file in data/goalposts.
    name
        Name of the goalposts, for faults.

    Returns
    -------
    Goalposts
        The goalposts.

    Raises
    ------
    TableFault
        If a key is missing or unknown, the ends are equal, or a logarithm cannot be taken.
    """
    document = parse_document(text, f"goalposts {name}")
    document.allow({"schema", "version", "measures"})
    measures = document.section("measures")
    posts: dict[str, Goalpost] = {}
    for measure in measures.entries:
        section = measures.section(measure)
        kinds = {key for key, found in section.entries.items() if isinstance(found, dict)}
        posts[measure] = _parse_post(section, kinds)
        for kind in sorted(kinds):
            posts[f"{measure}.{kind}"] = _parse_post(section.section(kind), set())
    return Goalposts(name, document.text("version"), posts)


def _parse_post(section: Section, kinds: set[str]) -> Goalpost:
    section.allow({"low", "high", "transform", *kinds})
    low, high = section.number("low"), section.number("high")
    transform = section.text("transform", "identity")
    if low == high:
        raise section.fault("goalposts_equal", "high", high)
    if transform == "log":
        for key, end in (("low", low), ("high", high)):
            if end <= 0:
                raise section.fault("goalposts_log", key, end)
        return Goalpost(low, high, "log")
    if transform != "identity":
        raise section.fault("goalposts_transform", "transform", transform)
    return Goalpost(low, high)
