"""Gazetteer: Korean provinces and districts as they are called today, and how else they were."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from pyproj import CRS

from clustermap.layers import projection

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from typing import Any

    import numpy.typing as npt
    import pandas as pd

    _Changes = Mapping[tuple[str, str], Mapping[Hashable, Any]]

System = Literal["KOSTAT", "MOIS"]
SYSTEMS: tuple[System, ...] = ("KOSTAT", "MOIS")
"""Who gives codes: Statistics Korea, and the Ministry of the Interior and Safety."""

_COUNTY = "군"
_COUNTY_SHIFT = 200
"""KOSTAT numbered counties from 310 on, and from 510 on since 2023."""

_LEAST_RADIUS_M = 3000.0
_CITY = re.compile(r"(.+시)(.+구)")


@dataclass(frozen=True)
class Gazetteer:
    """Provinces and districts as they are called today, and how else they are or were called.

    Parameters
    ----------
    regions, districts
        Province and district of each place; the district is "" for a province itself.
    lon, lat
        A point of each place in degrees; NaN for provinces.
    radius_m
        How far from its point one may be and still be in the place, metres.
    names
        Name without spaces, with or without the province before it, to the places so called.
    short
        Names that are too short to tell a province at the head of an address.
    codes
        By system: code to place.
    """

    regions: tuple[str, ...]
    districts: tuple[str, ...]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    radius_m: npt.NDArray[np.float64]
    names: Mapping[str, frozenset[int]]
    short: frozenset[str]
    codes: Mapping[System, Mapping[str, int]]

    @property
    def stems(self) -> tuple[str, ...]:
        """Names that plants are called by: of districts without 시 or 군, and of provinces."""
        own = {
            name[:-1] for name in self.districts if name[-1:] in {"시", _COUNTY} and len(name) > 2
        }
        return tuple(sorted(own | {name for name in self.short if not name.isascii()}))

    def holds(self, whole: int, part: int) -> bool:
        """Return whether a place is another one or lies in it.

        Parameters
        ----------
        whole, part
            Positions of places.

        Returns
        -------
        bool
            True for a province and its district, and for a city and its ward.
        """
        if self.regions[whole] != self.regions[part]:
            return False
        above, below = self.districts[whole], self.districts[part]
        return above in {"", below} or below.startswith(f"{above} ")

    def province(self, place: int) -> int:
        """Return the province that a place lies in.

        Parameters
        ----------
        place
            Position of a place.

        Returns
        -------
        int
            Position of the province.
        """
        return self.regions.index(self.regions[place])  # provinces come first


def compact(name: str) -> str:
    """Return a name of a place without spaces, as names are compared.

    Parameters
    ----------
    name
        Name as written.

    Returns
    -------
    str
        NFC, small letters, no white space.

    Examples
    --------
    >>> compact("창원시 의창구")
    '창원시의창구'
    """
    return "".join(unicodedata.normalize("NFC", name).lower().split())


def _space(district: str) -> str:
    """Return a district as it is written: "창원시의창구" is "창원시 의창구"."""
    ward = _CITY.fullmatch(compact(district))
    return f"{ward[1]} {ward[2]}" if ward else district


@dataclass
class _Draft:
    """A gazetteer that is being written."""

    keys: dict[tuple[str, str], int] = field(default_factory=dict)
    points: dict[int, tuple[float, float]] = field(default_factory=dict)
    names: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    codes: dict[System, dict[str, int]] = field(default_factory=lambda: {s: {} for s in SYSTEMS})

    def place(self, region: str, district: str) -> int:
        return self.keys.setdefault((region, district), len(self.keys))

    def whole(self, region: str) -> int:
        """Return a province; one of a single district is that district."""
        parts = [at for (of, name), at in self.keys.items() if of == region and name]
        return parts[0] if len(parts) == 1 else self.place(region, "")

    def give_codes(self, place: int, system: System, codes: Iterable[str]) -> None:
        self.codes[system].update(dict.fromkeys(filter(None, codes), place))


def build_gazetteer(
    provinces: pd.DataFrame, districts: pd.DataFrame, aliases: pd.DataFrame
) -> Gazetteer:
    """Return the gazetteer that three reference tables make.

    A district's radius is the distance of its point to the next district's, at least 3 km: areas
    are not known, and districts lie as far apart as they are wide. That is farther than where
    metres are measured.

    Parameters
    ----------
    provinces
        sido_alias.csv, all columns text.
    districts
        sigungu_codes.csv, all columns text.
    aliases
        district_aliases.csv, all columns text.

    Returns
    -------
    Gazetteer
        Provinces first.
    """
    draft = _Draft()
    today = dict(zip(provinces["name_2018"], provinces["name_now"], strict=True))
    for row in provinces.to_dict("records"):
        draft.place(row["name_now"], "")
    now = {
        (today.get(row["sido"], row["sido"]), compact(row["sigungu"])): row
        for row in aliases.to_dict("records")
        if row["sigungu"] and row["what"] != "part"
    }
    _add_districts(draft, districts, today, now)
    _add_cities(draft)
    for row in aliases[aliases["what"] == "part"].to_dict("records"):
        city = draft.place(row["sido_now"], row["sigungu"])
        draft.points[draft.place(row["sido_now"], row["sigungu_now"])] = draft.points[city]
    _add_codes(draft, provinces, aliases)
    spellings = _spell_provinces(draft, provinces, aliases)
    _add_names(draft, spellings, now)
    lon, lat = (
        np.array([draft.points.get(at, (np.nan, np.nan))[i] for at in range(len(draft.keys))])
        for i in (0, 1)
    )
    regions, names = zip(*draft.keys, strict=True)
    return Gazetteer(
        regions,
        names,
        lon,
        lat,
        _find_radii(regions, names, lon, lat),
        {name: frozenset(places) for name, places in draft.names.items()},
        frozenset(compact(name) for name in (*provinces["short"], *provinces["name_en"])),
        draft.codes,
    )


def _add_districts(
    draft: _Draft,
    districts: pd.DataFrame,
    today: Mapping[str, str],
    now: _Changes,
) -> None:
    for row in districts.to_dict("records"):
        region, district = today[row["sido"]], _space(row["sigungu"])
        changed = now.get((region, compact(district)))
        if changed:
            region, district = changed["sido_now"], changed["sigungu_now"]
        place = draft.place(region, district)
        if row["lon"]:
            draft.points[place] = float(row["lon"]), float(row["lat"])
        draft.give_codes(place, "KOSTAT", [row["kostat2018"]])
        draft.give_codes(place, "MOIS", [row["mois2017"], row["mois2022"]])


def _add_cities(draft: _Draft) -> None:
    """Add cities whose wards are districts: the point between their wards, the code before them."""
    wards = defaultdict(list)
    for (region, district), place in draft.keys.items():
        if " " in district:
            wards[region, district.split()[0]].append(place)
    for (region, city), places in wards.items():
        at = draft.place(region, city)
        known = np.array([draft.points[ward] for ward in places])
        draft.points[at] = float(known[:, 0].mean()), float(known[:, 1].mean())
        for system, codes in draft.codes.items():
            own = [code for code, ward in codes.items() if ward in places]
            draft.give_codes(at, system, {f"{code[:4]}0" for code in own} - codes.keys())


def _add_codes(draft: _Draft, provinces: pd.DataFrame, aliases: pd.DataFrame) -> None:
    """Add codes that were given later, and those of provinces."""
    shifted = {
        str(int(code) + _COUNTY_SHIFT): place
        for code, place in draft.codes["KOSTAT"].items()
        if list(draft.keys)[place][1].endswith(_COUNTY)
    }
    draft.codes["KOSTAT"].update(shifted)
    for row in provinces.to_dict("records"):
        before, after, place = row["mois_2017"], row["mois_now"], draft.whole(row["name_now"])
        moved = {
            after + code[2:]: at
            for code, at in draft.codes["MOIS"].items()
            if code.startswith(before) and after != before
        }
        draft.codes["MOIS"].update(moved)
        draft.give_codes(place, "KOSTAT", [row["kostat"]])
        draft.give_codes(place, "MOIS", [before, after])
    for row in aliases[aliases["sigungu_now"] != ""].to_dict("records"):
        at = draft.place(row["sido_now"], row["sigungu_now"])
        draft.give_codes(at, "KOSTAT", [row["kostat"]])
        draft.give_codes(at, "MOIS", [row["mois"]])


def _spell_provinces(
    draft: _Draft, provinces: pd.DataFrame, aliases: pd.DataFrame
) -> dict[str, list[str]]:
    """Return how each province is written."""
    spellings: dict[str, list[str]] = {}
    for row in provinces.to_dict("records"):
        now = row["name_now"]
        own = aliases.loc[(aliases["sigungu"] == "") & (aliases["sido_now"] == now), "sido"]
        spellings[now] = [now, row["name_2018"], row["short"], row["name_en"], *own]
        for spelling in spellings[now]:
            draft.names[compact(spelling)].add(draft.whole(now))
    return spellings


def _add_names(
    draft: _Draft,
    spellings: Mapping[str, Sequence[str]],
    now: _Changes,
) -> None:
    called = [(region, name, at) for (region, name), at in draft.keys.items() if name]
    # Wards are called by their own name alone, too.
    called += [(region, name.split()[1], at) for region, name, at in called if " " in name]
    called += [
        (before, name, draft.place(row["sido_now"], row["sigungu_now"]))
        for (before, name), row in now.items()
    ]
    for region, name, place in called:
        for spelling in ("", *spellings[region]):
            draft.names[compact(spelling + name)].add(place)


def _find_radii(
    regions: Sequence[str],
    districts: Sequence[str],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the distance to the next point; a city reaches as far as its wards do."""
    known = np.flatnonzero(np.isfinite(lon))
    cities = {(r, d.split()[0]) for r, d in zip(regions, districts, strict=True) if " " in d}
    whole = {at for at in known.tolist() if (regions[at], districts[at]) in cities}
    own = np.array([at for at in known.tolist() if at not in whole])
    crs = CRS(projection.LONLAT)
    one, other = (part.ravel() for part in np.meshgrid(own, own))
    apart = projection.distances_m(lon[one], lat[one], lon[other], lat[other], crs)
    apart[apart == 0] = np.inf  # itself, and parts that share a point
    radius_m = np.full(len(regions), np.nan)
    radius_m[own] = np.maximum(apart.reshape(len(own), -1).min(axis=1), _LEAST_RADIUS_M)
    for at in whole:
        city = f"{districts[at]} "
        wards = [w for w in own if regions[w] == regions[at] and districts[w].startswith(city)]
        size = len(wards)
        away = projection.distances_m(
            np.full(size, lon[at]), np.full(size, lat[at]), lon[wards], lat[wards], crs
        )
        radius_m[at] = (away + radius_m[wards]).max()
    return radius_m
