"""What the planner's page carries, declared once: Python fills it, scripts read it.

``scripts/make_docs`` writes these declarations as TypeScript (``page/contract.d.ts``), which the
scripts are checked against. Clusters are known by their place in ``Clusters.id``; a list with one
entry a cluster is in that order. Degrees are whole steps of 1e-5. Texts are cleaned, never markup.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from clustermap.messages import Language

Maybe = float | int | None
"""null where nothing is known, nothing may be told, or the data do not decide."""

Numbers = list[Maybe]

Words = dict[Language, str]

Told = list[object]
"""A sentence: number of its template, then the texts that fill its gaps: one list for both
languages, or one for each where they differ."""


class Coded(TypedDict):
    """Texts that repeat: the different ones, and for each entry the place of its own."""

    texts: list[str]
    codes: list[int]


class Template(TypedDict):
    """A sentence without its values: what stands between its gaps, and the text of each gap."""

    fixed: list[str]
    gaps: list[int]


class Withholding(TypedDict):
    """When a value is withheld: fewer firms than ``min``, one firm above ``share`` per cent."""

    min: int
    share: str


class Confidence(TypedDict):
    """Up to which width of the score's interval, and which share of ranks, confidence is a word."""

    words: list[str]
    width: list[float]
    span: list[float]


class Classes(TypedDict):
    """Shares of the rated clusters at which classes end, in per cent, and their shades."""

    shares: list[int]
    shades: list[int]


class Rules(TypedDict):
    """Constants of the score that the page needs to compute it with other weights."""

    least: float
    """Share of the weights whose parts must be decided for a score to be given."""
    z: float
    """Standard deviations from the middle to the end of a 90 % interval."""
    most: float
    """Largest share that one part may have of the score."""
    typical: float
    confidence: Confidence
    ramp: list[str]
    """Shades of the classes of ranks, best first."""
    many: Classes
    few: Classes
    """Classes where fewer than ``many_from`` clusters are rated."""
    many_from: int


class About(TypedDict):
    """What holds for the whole page."""

    title: str
    language: Language
    synthetic: bool
    internal: bool
    attribution: list[str]
    version: str
    withholding: Withholding
    withheld: dict[str, int]
    totals: dict[str, int]
    """Of how many values something was withheld."""
    abroad: bool
    """Whether any partner abroad is known."""
    notes: list[Told]


class Coverage(TypedDict):
    """Which records exist at all: absence of records looks like absence of links."""

    kind: list[str]
    links: Numbers
    inside: Numbers
    first_year: Numbers
    last_year: Numbers


class Clusters(TypedDict):
    """What the clusters are."""

    id: list[str]
    name: list[str]
    name_en: list[str]
    kind: Coded
    region: Coded
    district: Coded
    industries: Coded
    """Strategic industries they are designated for, joined by ";"."""
    area_km2: Numbers
    firms: Numbers
    employees: Numbers
    lon: Numbers
    lat: Numbers
    outlines: str
    """As :func:`clustermap.render.outlines.pack_outlines` packs them."""


class Scores(TypedDict):
    """One row of the table SCORES for each cluster."""

    score: Numbers
    low: Numbers
    high: Numbers
    rank: Numbers
    rank_low: Numbers
    rank_high: Numbers
    rated: Numbers
    capability: Numbers
    gap: Numbers
    reason: Coded
    quadrant: Coded
    confidence: Coded


class Subscore(TypedDict):
    """One part of the score, one entry a cluster."""

    subscore: str
    value: Numbers
    low: Numbers
    high: Numbers
    weight: Numbers
    contribution: Numbers
    decided: Numbers
    reason: Coded
    measure: Numbers
    """What the part measures: of embeddedness and openness log2 of the ratio to typical."""


class Scenario(TypedDict):
    """The scores of one profile."""

    name: str
    """"default" for the project's own."""
    profile: str
    """Name of the profile, a key of the catalogue."""
    method: str
    weights: dict[str, float]
    """Part to its share of the score; empty where the score is not made of parts."""
    scores: Scores
    subscores: list[Subscore]


class Ratio(TypedDict):
    """Links against typical ones; ratios are multiples of what is typical."""

    observed: Numbers
    expected: Numbers
    ratio: Numbers
    low: Numbers
    high: Numbers
    decided: Numbers


class Ratios(TypedDict):
    """Links of one kind, or of all together (""), at the local reach that decides and beyond."""

    kind: str
    local: Ratio
    beyond: Ratio


class Brokers(TypedDict):
    """First brokers; rows of their own."""

    cluster: list[int]
    name: Coded
    type: Coded
    role: Coded


class Abroad(TypedDict):
    """Links with countries abroad; rows of their own."""

    cluster: list[int]
    country: Coded
    kind: list[int]
    links: list[int]


class Flags(TypedDict):
    """What may mislead; rows of their own."""

    cluster: list[int]
    flag: Coded


class Indicator(TypedDict):
    """One indicator of one kind and industry."""

    indicator: str
    kind: str
    industry: str
    median: Maybe
    value: Numbers
    notes: dict[str, str]
    low: NotRequired[Numbers]
    high: NotRequired[Numbers]


class Flows(TypedDict):
    """Links between cells: numbers below that of the clusters are clusters, the rest count on."""

    beyond: list[str]
    """Cells that are no clusters; "outside:" is every square outside together."""
    source: list[int]
    target: list[int]
    kind: list[int]
    links: list[int]


class Typical(TypedDict):
    """Links between two clusters against what is typical, both directions together."""

    low: list[int]
    high: list[int]
    kind: list[int]
    observed: Numbers
    """Of projects and documents in shares; null where one direction is withheld."""
    expected: Numbers


class Periods(TypedDict):
    """Flows by period of years; a flow is there with all its periods or not at all."""

    years: list[list[int]]
    """First and last year of each period."""
    flow: list[int]
    """Place of the flow in ``Flows``."""
    period: list[int]
    links: list[int]


class Years(TypedDict):
    """Links of the nation by kind and year; rows of their own."""

    kind: list[int]
    year: Numbers
    """null where undated."""
    links: Numbers
    """null where withheld."""


class RegionsCovered(TypedDict):
    """Links at the clusters of each region; rows of their own, one a region and kind."""

    region: Coded
    """"" where unknown."""
    kind: list[int]
    clusters: list[int]
    firms: Numbers
    links: Numbers
    withheld: list[int]
    """Clusters whose links of that kind are not told."""


class Institutes(TypedDict):
    """Institutes with a place on the map."""

    name: list[str]
    kind: list[int]
    cluster: Numbers
    precision_m: Numbers
    lon: Numbers
    lat: Numbers
    unplaced: int


class Firms(TypedDict):
    """Firms as points, only where the output stays in the house."""

    points: str
    unplaced: int
    name: list[str] | None


class DensityLayer(TypedDict):
    """Firms of one strategic industry, as :mod:`clustermap.render.density` packs squares."""

    industry: str | None
    """null for all firms."""
    squares: str
    joined: str


class Density(TypedDict):
    """Where firms are, told so that no few of them are."""

    coarsest: int
    unplaced: int
    withheld: int
    layers: list[DensityLayer]


class Condition(TypedDict):
    """One condition of a situation, one entry a cluster."""

    key: str
    holds: Numbers
    """1 where it is seen, 0 where not, null where the data do not decide."""
    form: str
    """What value, low and high are: times, share or count."""
    numbers: dict[str, Numbers]
    """Those that its sentence tells, where the situation is seen; null where they are withheld."""
    open: Coded
    """Key of what keeps it undecided, "" else."""


class Situation(TypedDict):
    """One situation that clusters may be in."""

    key: str
    responses: int
    """Responses that the catalogue names."""
    holds: Numbers
    conditions: list[Condition]


class Diffusion(TypedDict):
    """Level of diffusion programme, and firms by sector group."""

    level: Numbers
    open: Coded
    groups: dict[str, Numbers]


class PermittedGaps(TypedDict):
    """Where what is permitted differs from what is there or needed; rows of their own."""

    cluster: list[int]
    entry: Coded
    difference: Coded
    present: Numbers


class MissingLinks(TypedDict):
    """Pairs with fewer links than is typical; rows of their own, what lacks most first."""

    cluster: list[int]
    other: list[int]
    """Numbers below that of the clusters are clusters, then come the institutes of the map, then
    those of ``Advice.beyond``."""
    km: Numbers
    observed: Numbers
    expected: Numbers
    chance: Numbers
    """Share of chance among the pairs told that are no likelier than this one."""
    lacking: list[int | None]
    """Kind of linkage that lacks most."""
    common: Coded
    """Strategic industries of both, joined by ";"."""
    broker: Coded
    """"" where nobody may be named."""
    direct: Numbers
    contacts: Numbers


class Support(TypedDict):
    """What support clusters got; rows of their own, columns of the table SUPPORT_MEASURES."""

    cluster: list[int]
    measures: dict[str, Numbers]


class SupportBodies(TypedDict):
    """Scorecards of support bodies, numbered as the ends of missing links."""

    reach_km: float
    """Straight line within which support bodies, and without roads firms, count as near."""
    reach_minutes: float | None
    """Time by road within which firms count as near; null where straight lines stand for roads."""
    institute: list[int]
    measures: dict[str, Numbers]
    """Columns of the table INTERMEDIARIES."""


class NextSites(TypedDict):
    """Where further support bodies would reach most firms that none reaches, best first."""

    cluster: list[int]
    added: Numbers
    covered: Numbers
    in_all: Numbers


class Advice(TypedDict):
    """What may be done about each cluster."""

    situations: list[Situation]
    diffusion: Diffusion | None
    gaps: PermittedGaps
    missing: MissingLinks
    support: Support
    bodies: SupportBodies
    sites: NextSites
    beyond: list[str]
    """Names of institutes without a place on the map."""


class Regions(TypedDict):
    """Regions of the basemap."""

    name: list[str]
    name_en: list[str]
    outlines: str
    lon: Numbers
    lat: Numbers


class BudgetPath(TypedDict):
    """What is chosen with a share of the budget, step by step; shares ascend."""

    share: list[float]
    budget: Numbers
    feasible: list[int]
    spent: Numbers
    worth: Numbers
    """As a multiple of that of the scenario's own budget."""
    enter: list[list[int]]
    """Clusters that are chosen and were not at the step before."""
    leave: list[list[int]]
    """Clusters that were chosen at the step before and are not."""


class Way(TypedDict):
    """One way to give out the money; numbers by response in the order of ``curves``."""

    way: str
    """"selection" for the portfolio itself."""
    ratio: Numbers
    """Worth as a multiple of that of the equal split."""
    beaten: Numbers
    """Share of draws in which the portfolio is worth more; null for the portfolio itself."""
    spent: Maybe
    reached: Maybe
    firms: Maybe
    people: Maybe
    hhi_region: Maybe
    top_region: str
    top_region_share: Maybe
    hhi_industry: Maybe
    top_industry: str
    top_industry_share: Maybe


class RulePrices(TypedDict):
    """What rules cost; rows of their own."""

    rule: list[Told]
    price: Numbers
    """What the best portfolio without it is worth more, as a share of the portfolio's worth."""
    enter: Numbers
    leave: Numbers
    conflict: list[int]
    """1 of the rules that cannot hold together."""


class Barred(TypedDict):
    """Rules that bar clusters: the different sets of them, and of each cluster the place of its."""

    rules: list[list[Told]]
    codes: list[int]


class Portfolio(TypedDict):
    """What one scenario chooses; lists with one entry a cluster."""

    name: str
    """"default" for the project's own; else user text."""
    profile: str
    """Name of the profile that its scores come from."""
    budget: Maybe
    feasible: bool
    spent: Maybe
    core: int
    borderline: int
    draws: int
    unrated: int
    unrated_chosen: int
    capability: float
    """Weight of capability in merit."""
    exponent: float
    told: list[Told]
    chosen: list[int]
    """Places of the clusters that are chosen."""
    standing: Coded
    inclusion: Numbers
    low: Numbers
    high: Numbers
    counted: Numbers
    """Draws that ``inclusion`` rests on."""
    order: Numbers
    """Place by what it is worth for a unit of money."""
    ineligible: Coded
    times: Numbers
    """What the worth of one not chosen had to be multiplied with; null where not computed."""
    least: Numbers
    """The same at the very least."""
    value: Numbers
    """Worth for a unit of money of one not chosen, against the least of those that are."""
    barred: Barred
    freed: Barred | None
    """Rules without any one of which a cluster would be chosen; null where not computed."""
    rules: list[Told]
    """What the rules ask for, without the budget."""
    leaning: dict[str, Maybe]
    """Rank correlations of value for money: with linkage, capability, reach and cost."""
    path: BudgetPath
    ways: list[Way]
    prices: RulePrices


class Decision(TypedDict):
    """What is chosen under a budget."""

    currency: str
    reach: str
    partial: bool
    """Whether only some industries count as reach."""
    curves: list[str]
    cost: Numbers
    current: Numbers | None
    """Public money that each has now, as far as told; null where that of none is known."""
    portfolios: list[Portfolio]
    """The project's own first."""


class Payload(TypedDict):
    """Everything that the page shows."""

    about: About
    rules: Rules
    words: dict[str, dict[str, Words]]
    """Parts of the catalogue: part, then the rest of the key, then the text by language."""
    kinds: list[str]
    types: list[str]
    coverage: Coverage
    clusters: Clusters
    scenarios: list[Scenario]
    """The project's own first."""
    reach: Coded
    """Local reach that decides, or the widest."""
    widest: str
    """The widest local reach, beyond which links are called far; "" where there is none."""
    ratios: list[Ratios]
    brokers: Brokers
    abroad: Abroad
    flags: Flags
    indicators: list[Indicator]
    industries: dict[str, Words]
    flows: Flows
    typical: Typical
    periods: Periods
    years: Years
    regions_covered: RegionsCovered
    institutes: Institutes
    firms: Firms | None
    density: Density | None
    explanations: list[list[Told]]
    activity: list[Told | None]
    """Links nearby of each cluster against others as active in all; null where that is not told."""
    advice: Advice | None
    """null where the release holds none."""
    sentences: list[dict[Language, Template]]
    coast: str
    seam: float
    """Meridian at which the map is cut; longitudes run from it once around the world."""
    frame: list[float] | None
    """West, south, east, north within which the land is whole, in degrees."""
    regions: Regions | None
    decision: Decision | None
    """null where nothing was asked to be chosen."""
