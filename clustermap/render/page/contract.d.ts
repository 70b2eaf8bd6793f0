// Written by scripts/make_docs from clustermap/render/contract.py.
type Language = "ko" | "en";
/** null where nothing is known, nothing may be told, or the data do not decide. */
type Maybe = number | null;
type Numbers = Maybe[];
type Words = Record<Language, string>;
/** A sentence: number of its template, then the texts that fill its gaps: one list for both languages, or one for each where they differ. */
type Told = unknown[];

/** Texts that repeat: the different ones, and for each entry the place of its own. */
interface Coded {
  texts: string[];
  codes: number[];
}

/** A sentence without its values: what stands between its gaps, and the text of each gap. */
interface Template {
  fixed: string[];
  gaps: number[];
}

/** When a value is withheld: fewer firms than `min`, one firm above `share` per cent. */
interface Withholding {
  min: number;
  share: string;
}

/** Up to which width of the score's interval, and which share of ranks, confidence is a word. */
interface Confidence {
  words: string[];
  width: number[];
  span: number[];
}

/** Shares of the rated clusters at which classes end, in per cent, and their shades. */
interface Classes {
  shares: number[];
  shades: number[];
}

/** Constants of the score that the page needs to compute it with other weights. */
interface Rules {
  /** Share of the weights whose parts must be decided for a score to be given. */
  least: number;
  /** Standard deviations from the middle to the end of a 90 % interval. */
  z: number;
  /** Largest share that one part may have of the score. */
  most: number;
  typical: number;
  confidence: Confidence;
  /** Shades of the classes of ranks, best first. */
  ramp: string[];
  many: Classes;
  /** Classes where fewer than `many_from` clusters are rated. */
  few: Classes;
  many_from: number;
}

/** What holds for the whole page. */
interface About {
  title: string;
  language: Language;
  synthetic: boolean;
  internal: boolean;
  attribution: string[];
  version: string;
  withholding: Withholding;
  withheld: Record<string, number>;
  /** Of how many values something was withheld. */
  totals: Record<string, number>;
  /** Whether any partner abroad is known. */
  abroad: boolean;
  notes: Told[];
}

/** Which records exist at all: absence of records looks like absence of links. */
interface Coverage {
  kind: string[];
  links: Numbers;
  inside: Numbers;
  first_year: Numbers;
  last_year: Numbers;
}

/** What the clusters are. */
interface Clusters {
  id: string[];
  name: string[];
  name_en: string[];
  kind: Coded;
  region: Coded;
  district: Coded;
  /** Strategic industries they are designated for, joined by ";". */
  industries: Coded;
  area_km2: Numbers;
  firms: Numbers;
  employees: Numbers;
  lon: Numbers;
  lat: Numbers;
  /** As :func:`clustermap.render.outlines.pack_outlines` packs them. */
  outlines: string;
}

/** One row of the table SCORES for each cluster. */
interface Scores {
  score: Numbers;
  low: Numbers;
  high: Numbers;
  rank: Numbers;
  rank_low: Numbers;
  rank_high: Numbers;
  rated: Numbers;
  capability: Numbers;
  gap: Numbers;
  reason: Coded;
  quadrant: Coded;
  confidence: Coded;
}

/** One part of the score, one entry a cluster. */
interface Subscore {
  subscore: string;
  value: Numbers;
  low: Numbers;
  high: Numbers;
  weight: Numbers;
  contribution: Numbers;
  decided: Numbers;
  reason: Coded;
  /** What the part measures: of embeddedness and openness log2 of the ratio to typical. */
  measure: Numbers;
}

/** The scores of one profile. */
interface Scenario {
  /** "default" for the project's own. */
  name: string;
  /** Name of the profile, a key of the catalogue. */
  profile: string;
  method: string;
  /** Part to its share of the score; empty where the score is not made of parts. */
  weights: Record<string, number>;
  scores: Scores;
  subscores: Subscore[];
}

/** Links against typical ones; ratios are multiples of what is typical. */
interface Ratio {
  observed: Numbers;
  expected: Numbers;
  ratio: Numbers;
  low: Numbers;
  high: Numbers;
  decided: Numbers;
}

/** Links of one kind, or of all together (""), at the local reach that decides and beyond. */
interface Ratios {
  kind: string;
  local: Ratio;
  beyond: Ratio;
}

/** First brokers; rows of their own. */
interface Brokers {
  cluster: number[];
  name: Coded;
  type: Coded;
  role: Coded;
}

/** Links with countries abroad; rows of their own. */
interface Abroad {
  cluster: number[];
  country: Coded;
  kind: number[];
  links: number[];
}

/** What may mislead; rows of their own. */
interface Flags {
  cluster: number[];
  flag: Coded;
}

/** One indicator of one kind and industry. */
interface Indicator {
  indicator: string;
  kind: string;
  industry: string;
  median: Maybe;
  value: Numbers;
  notes: Record<string, string>;
  low?: Numbers;
  high?: Numbers;
}

/** Links between cells: numbers below that of the clusters are clusters, the rest count on. */
interface Flows {
  /** Cells that are no clusters; "outside:" is every square outside together. */
  beyond: string[];
  source: number[];
  target: number[];
  kind: number[];
  links: number[];
}

/** Links between two clusters against what is typical, both directions together. */
interface Typical {
  low: number[];
  high: number[];
  kind: number[];
  /** Of projects and documents in shares; null where one direction is withheld. */
  observed: Numbers;
  expected: Numbers;
}

/** Flows by period of years; a flow is there with all its periods or not at all. */
interface Periods {
  /** First and last year of each period. */
  years: number[][];
  /** Place of the flow in `Flows`. */
  flow: number[];
  period: number[];
  links: number[];
}

/** Links of the nation by kind and year; rows of their own. */
interface Years {
  kind: number[];
  /** null where undated. */
  year: Numbers;
  /** null where withheld. */
  links: Numbers;
}

/** Links at the clusters of each region; rows of their own, one a region and kind. */
interface RegionsCovered {
  /** "" where unknown. */
  region: Coded;
  kind: number[];
  clusters: number[];
  firms: Numbers;
  links: Numbers;
  /** Clusters whose links of that kind are not told. */
  withheld: number[];
}

/** Institutes with a place on the map. */
interface Institutes {
  name: string[];
  kind: number[];
  cluster: Numbers;
  precision_m: Numbers;
  lon: Numbers;
  lat: Numbers;
  unplaced: number;
}

/** Firms as points, only where the output stays in the house. */
interface Firms {
  points: string;
  unplaced: number;
  name: string[] | null;
}

/** Firms of one strategic industry, as :mod:`clustermap.render.density` packs squares. */
interface DensityLayer {
  /** null for all firms. */
  industry: string | null;
  squares: string;
  joined: string;
}

/** Where firms are, told so that no few of them are. */
interface Density {
  coarsest: number;
  unplaced: number;
  withheld: number;
  layers: DensityLayer[];
}

/** One condition of a situation, one entry a cluster. */
interface Condition {
  key: string;
  /** 1 where it is seen, 0 where not, null where the data do not decide. */
  holds: Numbers;
  /** What value, low and high are: times, share or count. */
  form: string;
  /** Those that its sentence tells, where the situation is seen; null where they are withheld. */
  numbers: Record<string, Numbers>;
  /** Key of what keeps it undecided, "" else. */
  open: Coded;
}

/** One situation that clusters may be in. */
interface Situation {
  key: string;
  /** Responses that the catalogue names. */
  responses: number;
  holds: Numbers;
  conditions: Condition[];
}

/** Level of diffusion programme, and firms by sector group. */
interface Diffusion {
  level: Numbers;
  open: Coded;
  groups: Record<string, Numbers>;
}

/** Where what is permitted differs from what is there or needed; rows of their own. */
interface PermittedGaps {
  cluster: number[];
  entry: Coded;
  difference: Coded;
  present: Numbers;
}

/** Pairs with fewer links than is typical; rows of their own, what lacks most first. */
interface MissingLinks {
  cluster: number[];
  /** Numbers below that of the clusters are clusters, then come the institutes of the map, then those of `Advice.beyond`. */
  other: number[];
  km: Numbers;
  observed: Numbers;
  expected: Numbers;
  /** Share of chance among the pairs told that are no likelier than this one. */
  chance: Numbers;
  /** Kind of linkage that lacks most. */
  lacking: (number | null)[];
  /** Strategic industries of both, joined by ";". */
  common: Coded;
  /** "" where nobody may be named. */
  broker: Coded;
  direct: Numbers;
  contacts: Numbers;
}

/** What support clusters got; rows of their own, columns of the table SUPPORT_MEASURES. */
interface Support {
  cluster: number[];
  measures: Record<string, Numbers>;
}

/** Scorecards of support bodies, numbered as the ends of missing links. */
interface SupportBodies {
  /** Straight line within which support bodies, and without roads firms, count as near. */
  reach_km: number;
  /** Time by road within which firms count as near; null where straight lines stand for roads. */
  reach_minutes: number | null;
  institute: number[];
  /** Columns of the table INTERMEDIARIES. */
  measures: Record<string, Numbers>;
}

/** Where further support bodies would reach most firms that none reaches, best first. */
interface NextSites {
  cluster: number[];
  added: Numbers;
  covered: Numbers;
  in_all: Numbers;
}

/** What may be done about each cluster. */
interface Advice {
  situations: Situation[];
  diffusion: Diffusion | null;
  gaps: PermittedGaps;
  missing: MissingLinks;
  support: Support;
  bodies: SupportBodies;
  sites: NextSites;
  /** Names of institutes without a place on the map. */
  beyond: string[];
}

/** Regions of the basemap. */
interface Regions {
  name: string[];
  name_en: string[];
  outlines: string;
  lon: Numbers;
  lat: Numbers;
}

/** What is chosen with a share of the budget, step by step; shares ascend. */
interface BudgetPath {
  share: number[];
  budget: Numbers;
  feasible: number[];
  spent: Numbers;
  /** As a multiple of that of the scenario's own budget. */
  worth: Numbers;
  /** Clusters that are chosen and were not at the step before. */
  enter: number[][];
  /** Clusters that were chosen at the step before and are not. */
  leave: number[][];
}

/** One way to give out the money; numbers by response in the order of `curves`. */
interface Way {
  /** "selection" for the portfolio itself. */
  way: string;
  /** Worth as a multiple of that of the equal split. */
  ratio: Numbers;
  /** Share of draws in which the portfolio is worth more; null for the portfolio itself. */
  beaten: Numbers;
  spent: Maybe;
  reached: Maybe;
  firms: Maybe;
  people: Maybe;
  hhi_region: Maybe;
  top_region: string;
  top_region_share: Maybe;
  hhi_industry: Maybe;
  top_industry: string;
  top_industry_share: Maybe;
}

/** What rules cost; rows of their own. */
interface RulePrices {
  rule: Told[];
  /** What the best portfolio without it is worth more, as a share of the portfolio's worth. */
  price: Numbers;
  enter: Numbers;
  leave: Numbers;
  /** 1 of the rules that cannot hold together. */
  conflict: number[];
}

/** Rules that bar clusters: the different sets of them, and of each cluster the place of its. */
interface Barred {
  rules: Told[][];
  codes: number[];
}

/** What one scenario chooses; lists with one entry a cluster. */
interface Portfolio {
  /** "default" for the project's own; else user text. */
  name: string;
  /** Name of the profile that its scores come from. */
  profile: string;
  budget: Maybe;
  feasible: boolean;
  spent: Maybe;
  core: number;
  borderline: number;
  draws: number;
  unrated: number;
  unrated_chosen: number;
  /** Weight of capability in merit. */
  capability: number;
  exponent: number;
  told: Told[];
  /** Places of the clusters that are chosen. */
  chosen: number[];
  standing: Coded;
  inclusion: Numbers;
  low: Numbers;
  high: Numbers;
  /** Draws that `inclusion` rests on. */
  counted: Numbers;
  /** Place by what it is worth for a unit of money. */
  order: Numbers;
  ineligible: Coded;
  /** What the worth of one not chosen had to be multiplied with; null where not computed. */
  times: Numbers;
  /** The same at the very least. */
  least: Numbers;
  /** Worth for a unit of money of one not chosen, against the least of those that are. */
  value: Numbers;
  barred: Barred;
  /** Rules without any one of which a cluster would be chosen; null where not computed. */
  freed: Barred | null;
  /** What the rules ask for, without the budget. */
  rules: Told[];
  /** Rank correlations of value for money: with linkage, capability, reach and cost. */
  leaning: Record<string, Maybe>;
  path: BudgetPath;
  ways: Way[];
  prices: RulePrices;
}

/** What is chosen under a budget. */
interface Decision {
  currency: string;
  reach: string;
  /** Whether only some industries count as reach. */
  partial: boolean;
  curves: string[];
  cost: Numbers;
  /** Public money that each has now, as far as told; null where that of none is known. */
  current: Numbers | null;
  /** The project's own first. */
  portfolios: Portfolio[];
}

/** Everything that the page shows. */
interface Payload {
  about: About;
  rules: Rules;
  /** Parts of the catalogue: part, then the rest of the key, then the text by language. */
  words: Record<string, Record<string, Words>>;
  kinds: string[];
  types: string[];
  coverage: Coverage;
  clusters: Clusters;
  /** The project's own first. */
  scenarios: Scenario[];
  /** Local reach that decides, or the widest. */
  reach: Coded;
  /** The widest local reach, beyond which links are called far; "" where there is none. */
  widest: string;
  ratios: Ratios[];
  brokers: Brokers;
  abroad: Abroad;
  flags: Flags;
  indicators: Indicator[];
  industries: Record<string, Words>;
  flows: Flows;
  typical: Typical;
  periods: Periods;
  years: Years;
  regions_covered: RegionsCovered;
  institutes: Institutes;
  firms: Firms | null;
  density: Density | null;
  explanations: Told[][];
  /** Links nearby of each cluster against others as active in all; null where that is not told. */
  activity: (Told | null)[];
  /** null where the release holds none. */
  advice: Advice | null;
  sentences: (Record<Language, Template>)[];
  coast: string;
  /** Meridian at which the map is cut; longitudes run from it once around the world. */
  seam: number;
  /** West, south, east, north within which the land is whole, in degrees. */
  frame: number[] | null;
  regions: Regions | null;
  /** null where nothing was asked to be chosen. */
  decision: Decision | null;
}
