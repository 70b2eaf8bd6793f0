// What the scripts of the page share; for readers and for checking, never loaded.
// contract.d.ts beside it declares what Python wrote.

declare const L: any;

/** Rings as world coordinates x, y, x, y, ... between 0 and 1. */
type Rings = Float64Array[];

/** Part of the map that a layer paints, in pixels of the whole world at its zoom. */
interface View { zoom: number; scale: number; left: number; top: number; width: number; height: number }

interface Point { x: number; y: number }

interface Cluster {
  place: number; id: string; located: boolean;
  name: string; nameEn: string; kind: string; region: string; district: string;
  industries: string[];
  area: Maybe; firms: Maybe; employees: Maybe;
  lon: number; lat: number; x: number; y: number; rings: Rings; box: number[];
  /** Of the scenario or the weights that are shown; null where it is not rated. */
  rated: boolean; score: Maybe; low: Maybe; high: Maybe;
  rank: Maybe; rankLow: Maybe; rankHigh: Maybe;
  capability: Maybe; gap: Maybe; scoreClass: Maybe;
  reason: string; quadrant: string; confidence: string;
  /** What a search looks through, made when it is first needed. */
  texts?: { names: string[]; initials: string[]; others: string[]; otherInitials: string[] };
}



interface Flow {
  source: number; target: number; kind: number; links: number;
  /** Links in each period; absent where they are not told. */
  periods?: number[];
  /** Whether both ends are clusters. */
  drawn: boolean;
}

/** Two clusters and a kind of linkage, both directions together. */
interface Pair {
  source: number; target: number; kind: number; links: number; flows: Flow[];
  /** Links as the null counts them, and those that are typical. */
  observed: Maybe; expected: Maybe;
}

interface Institute {
  name: string; type: number; cluster: Maybe; precision: Maybe; above: number; spot: string;
  stack: number; x: number; y: number;
}

interface Region { name: string; nameEn: string; rings: Rings; x: Maybe; y: Maybe }

interface Model {
  clusters: Cluster[]; flows: Flow[]; flowsOf: Flow[][]; pairs: Pair[]; pairsOf: Pair[][];
  byId: Map<string, Cluster>;
  /** In the order of their ranks. */
  rated: Cluster[]; unrated: Cluster[];
  institutes: Institute[];
  firms: { points: Float64Array; names: string[] | null } | null;
  coast: Rings[]; regions: Region[];
  /** First and last year of each period. */
  periods: number[][];
  /** What the area of a circle shows. */
  measure: "employees" | "firms";
}

/** Squares of Mercator's map, one entry each. */
interface Squares { level: number[]; x: number[]; y: number[]; firms: number[]; km2: number[] }

interface Leaves { level: number[]; x: number[]; y: number[]; quarters: number[]; firms: number[] }

/** The far end of a missing link, or a support body; both null where its place is not known. */
interface End { cluster: Cluster | null; institute: Institute | null; name: string }

interface Missing extends End {
  at: number; from: Cluster; km: Maybe; observed: Maybe; expected: Maybe; chance: Maybe;
  lacking: Maybe; common: string[]; broker: string; direct: Maybe; contacts: Maybe;
}

interface SupportBody extends End { measures: Record<string, Maybe> }

/** Key, hint and content of a part of the card. */
type Fold = [string, string, ...(HTMLElement | null)[]];

type TableColumn = [string, (cluster: Cluster) => string | number | null];

type FilterName = "industry" | "region" | "kind" | "quadrant" | "standing" | "choice";

/** A budget that was tried, and what it chooses; clusters by their places. */
interface Stop { share: number; budget: Maybe; feasible: boolean; spent: Maybe; own: boolean;
  /** As a multiple of that of the scenario's own budget. */
  worth: Maybe;
  chosen: Set<number>;
  /** Chosen for less money and not here. */
  dropped: Set<number> }

/** What the reader has chosen and what is drawn; tests look here, never at pixels. */
interface State {
  /** Everything is drawn and listens; also performance.mark("ready"). */
  ready: boolean;
  language: Language;
  /** View of the left side: ranking, quadrants, compare, unrated, coverage. */
  view: string;
  /** Identifier of the selected cluster. */
  selected: string | null;
  hovered: string | null;
  /** Name of the scenario that is shown. */
  scenario: string;
  /** The reader's own weights, one a part of the first scenario. */
  weights: number[] | null;
  /** What the map and the list answer: the score, what a portfolio chooses, an equal
   * split, or the money that is given now. */
  question: "score" | "selected" | "equal" | "current";
  /** Name of the scenario whose portfolio is looked at; "" without any. */
  portfolio: string;
  /** Place of the budget that is looked at among those tried; null for the scenario's own. */
  budget: number | null;
  /** What is searched for. */
  search: string;
  /** "" for all. */
  filters: Record<FilterName, string>;
  /** Place of the period whose links are shown; null for all years. */
  period: number | null;
  /** Strategic industry whose firms the density shows; "" for all. */
  industry: string;
  /** What colours of clusters show: class of the rank, or where they stand to typical. */
  colour: "rank" | "standing";
  /** What the legend has switched on; flows by the place of their kind in `payload.kinds`. */
  shown: { flows: boolean[]; institutes: boolean; missing: boolean; firms: boolean;
    density: boolean; regions: boolean };
  /** How many of each the page carries. */
  counts: { clusters: number; rated: number; unrated: number; institutes: number; flows: number;
    firms: number };
  /** How many of each were drawn last. */
  drawn: { circles: number; polygons: number; hollow: number; flows: number; institutes: number;
    firms: number; squares: number; labels: number; rows: number; points: number;
    missing: number };
}

type StateEvent = "select" | "hover" | "language" | "shown" | "scores" | "filter" | "view"
  | "choice";

type Attributes = Record<string, unknown>;

interface BarMark { class: string; at?: number; width?: number; colour?: string }

interface Cm {
  /** Keep a script until the data are unpacked. */
  run(part: (cm: Cm) => void): void;

  // words.js
  language: Language;
  say(key: string, values?: Record<string, unknown>): string;
  label(...keys: string[]): string;
  knows(key: string): boolean;
  sentence(told: Told): string;
  number(value: number, decimals?: number): string;
  percent(share: number): string;
  country(code: string): string;

  // money.js
  money(amount: Maybe): string;

  // unpack.js
  UNIT: number;
  worldX(lon: number): number;
  worldY(lat: number): number;
  unpackNumbers(text: string): number[];
  unpackOutlines(text: string): Rings[];
  unpackPoints(text: string): Float64Array;

  // model.js
  payload: Payload;
  model: Model;
  decode(coded: Coded, place: number): string;
  names(thing: { name: string; nameEn: string }): [string, string];

  // scores.js
  classes: { shares: number[]; shades: number[] };
  /** Shares in percent at which classes end, and their shades in RAMP. */
  classesOf(rated: number): { shares: number[]; shades: number[] };
  /** Class of a rank: 0 the best; as many as there are shares for the rest. */
  classOf(rank: number, rated: number): number;
  weightsOf(scenario: Scenario): number[];
  isWeighed(scenario: Scenario): boolean;
  scoreWith(weights: number[]): Maybe[];
  scenario(): Scenario;
  applyScores(): void;
  prepareIntervals(): void;

  // state.js
  state: State;
  on(event: StateEvent, listener: () => void): void;
  tell(event: StateEvent): void;
  FILTERS: FilterName[];
  selected(): Cluster | null;
  select(id: string | null): void;
  hover(id: string | null): void;
  setLanguage(language: Language): void;
  useScenario(name: string): void;
  useWeights(weights: number[] | null): void;
  ask(question: State["question"], portfolio: string): void;
  useBudget(place: number | null): void;
  filter(name: FilterName, value: string): void;
  search(text: string): void;
  usePeriod(period: number | null): void;
  useIndustry(industry: string): void;
  show(view: string): void;

  // choice.js, asks.js, scenarios.js, whynot.js, statuses.js
  STATUSES: string[];
  isChoosing(): boolean;
  isChosen(status: string): boolean;
  portfolio(): Portfolio | null;
  portfolioName(portfolio: Portfolio): string;
  shareOut(costs: number[], weights: number[], budget: number): number[];
  isSplit(): boolean;
  moneyOf(place: number): number;
  equalMoney(): number[];
  equalShare(place: number): number;
  /** Share of the need in the view of the equal split; null in others. */
  equalLevel(cluster: Cluster): number | null;
  stopsOf(portfolio: Portfolio): Stop[];
  stop(): Stop;
  ownStatus(portfolio: Portfolio, place: number): string;
  statuses(): string[];
  statusOf(cluster: Cluster): string;
  statusMark(status: string): HTMLElement;
  statusWord(status: string): string;
  choiceGroups(): { status: string; clusters: Cluster[] }[];
  wholePercent(share: number): string;
  isUndecided(share: Maybe): boolean;
  eligible(portfolio: Portfolio): number;
  isMixed(portfolio: Portfolio): boolean;
  statusNote(status: string): string;
  questionName(): string;
  choiceLine(cluster: Cluster): string;
  drawStatus(context: CanvasRenderingContext2D, status: string, x: number, y: number, r: number,
    level: number | null): void;
  fillStatus(context: CanvasRenderingContext2D, status: string, level: number | null): void;
  drawChoice(): void;
  buildChoice(): void;
  drawScenarios(): void;
  choiceHint(cluster: Cluster): string;
  choicePart(cluster: Cluster): HTMLElement | null;

  // dom.js
  make(tag: string, attributes?: Attributes, ...children: (Node | string | null)[]): any;
  heading(text: string): HTMLElement;
  subheading(text: string): HTMLElement;
  quiet(text: string): HTMLElement;
  part(...children: (Node | string | null)[]): HTMLElement;
  table(heads: string[], rows: HTMLElement[], className?: string): HTMLElement;
  byId(id: string): any;
  find(selector: string): any[];
  bar(className: string, parts: BarMark[]): HTMLElement;
  putWords(): void;

  // canvas.js
  map: any;
  fontFamily: string;
  Canvas: any;
  Boxes: any;
  underlays: any[];
  snapshot(layers: any[], dots: number, sea: string): string;
  containerPoint(x: number, y: number): Point;
  tracePath(context: CanvasRenderingContext2D, rings: Rings, view: View): void;
  writeHalo(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string,
    halo: string): void;
  cut(text: string, longest: number): string;

  // advice.js, missing.js, responses.js, situations.js
  missingOf(cluster: Cluster): Missing[];
  gapsOf(cluster: Cluster): { entry: string; difference: string; present: Maybe }[];
  supportOf(cluster: Cluster): Record<string, Maybe> | null;
  stateOf(thing: Situation | Condition, place: number): string;
  situationsOf(cluster: Cluster, state: string): Situation[];
  /** Those that reach most firms first. */
  bodies: SupportBody[];
  shares(low: number, high: number): string;
  bodiesNear(cluster: Cluster): { body: SupportBody; km: number }[];
  bodyLine(institute: Institute): string;
  adviceColumns: TableColumn[];
  missingDrawable(): Missing[];
  drawMissing(context: CanvasRenderingContext2D, view: View): void;
  drawMissingNames(context: CanvasRenderingContext2D, view: View): void;
  missingSample(): HTMLCanvasElement;
  missingAt(point: Point): Missing | null;
  missingName(missing: Missing): string;
  missingCount(missing: Missing): string;
  missingLines(missing: Missing): string[];
  goToMissing(): void;
  adviceFolds(cluster: Cluster): Fold[];
  drawSituations(): void;

  // The map: basemap.js, clusters.js, flows.js, institutes.js, firms.js, legend.js
  basemap: any;
  DENSITY_COLOURS: string[];
  unpackDensity(packed: Density, industry: string | null): Leaves | null;
  squareKm2(level: number, y: number): number;
  squaresOf(leaves: Leaves, finest: number): Squares;
  densityBreaks(squares: Squares): number[];
  densityClasses(): { colours: string[]; breaks: number[] };
  densityAt(point: Point): { firms: number; km2: number } | null;
  hasDensity(industry: string): boolean;
  drawRegionNames(context: CanvasRenderingContext2D, view: View): void;
  RAMP: string[];
  shadeOf(cluster: Cluster): number;
  colourOf(cluster: Cluster): string;
  STANDING_COLOURS: Record<string, string>;
  showsStanding(): boolean;
  outlinesFrom: number;
  wholeZoom: number;
  largestSize: number;
  radius(size: Maybe, zoom: number): number;
  drawMarks(context: CanvasRenderingContext2D, view: View): void;
  drawClusters(context: CanvasRenderingContext2D, view: View): void;
  drawNames(context: CanvasRenderingContext2D, view: View): void;
  clusterAt(point: Point): Cluster | null;
  FLOW_COLOURS: Record<string, string>;
  flowColour(kind: number): string;
  linksOf(pair: Pair): Maybe;
  excessOf(pair: Pair): Maybe;
  drawsExcess(): boolean;
  /** Whether lines would only hide which clusters are chosen. */
  hidesFlows(): boolean;
  flowsShown(): Pair[];
  flowAt(point: Point): Pair | null;
  drawFlows(context: CanvasRenderingContext2D, view: View): void;
  institutesMarked(): boolean;
  drawMark(context: CanvasRenderingContext2D, type: string, x: number, y: number, r: number): void;
  drawInstitutes(context: CanvasRenderingContext2D, view: View): void;
  instituteAt(point: Point): Institute | null;
  firmAt(point: Point): string | null;
  drawLegend(): void;
  legendOfScores(): void;

  // answer.js
  standingOf(cluster: Cluster): string;
  standings: string[];
  drawAnswer(): void;

  // search.js
  nearnessOf(cluster: Cluster, wanted: string): number | null;
  isIn(cluster: Cluster, industry: string): boolean;
  isFiltered(): boolean;
  foundPlaces(): Set<number> | null;
  findClusters(clusters: Cluster[], any?: boolean): Cluster[];
  conditions(): string;
  choicesOf(name: FilterName): { key: string; text: string }[];
  industryName(industry: string): string;
  buildSearch(): void;

  // The left side: views.js, weights.js, table.js, ranking.js, quadrants.js, compare.js,
  // unrated.js, coverage.js
  views: Map<string, { panel: HTMLElement; draw: () => void }>;
  addView(name: string, draw: () => void): void;
  drawView(): void;
  buildViews(): void;
  profileName(scenario: Scenario): string;
  drawWeights(): void;
  buildWeights(): void;
  writeTable(clusters: Cluster[]): string;
  saveTable(clusters: Cluster[], name: string): void;
  interval(low: Maybe, high: Maybe, decimals?: number): string;
  placeLine(cluster: Cluster): string;
  reasonOf(cluster: Cluster): string;
  drawRanking(): void;
  tableClusters(): Cluster[];
  drawPrinted(): void;
  focusRow(cluster: Cluster): void;
  buildRanking(): void;
  hasQuadrants(): boolean;
  drawQuadrants(): void;
  buildQuadrants(): void;
  besideRank(scenario: Scenario, place: number): string;
  drawCompare(): void;
  drawUnrated(): void;
  coverageTable(): HTMLElement;
  withheldParts(): HTMLElement[];
  drawCoverage(): void;

  // The card: partners.js, evidence.js, card.js
  partnerParts(cluster: Cluster): HTMLElement[];
  typicalOfScore(): BarMark[];
  scoreParts(cluster: Cluster): HTMLElement | null;
  axes(cluster: Cluster): HTMLElement;
  ratioPart(cluster: Cluster): HTMLElement | null;
  brokerPart(cluster: Cluster): HTMLElement | null;
  flagPart(cluster: Cluster): HTMLElement | null;
  threeReasons(cluster: Cluster): HTMLElement[];
  openPart(cluster: Cluster): [string, HTMLElement];
  otherRanks(cluster: Cluster): HTMLElement | null;
  drawCard(): void;
  unfoldCard(): () => void;
  closeCard(): void;

  // about.js, permalink.js, print.js, start.js
  drawAbout(): void;
  openAbout(): void;
  languageIn(hash: string): Language | null;
  readAddress(): void;
  keepAddress(step: boolean): void;
  keepAddressSoon(): void;
  printing: boolean;
  listenToPrinting(given: { map: any; layers: any[]; wholeBounds: () => any;
    limitMap: () => void }): void;
  goNear(cluster: Cluster): void;
  redraw(): void;
  clusterLines(cluster: Cluster): string[];
  showLines(lines: string[] | null, x: number, y: number): void;
  /** Where a cluster's mark lies in the window, in pixels. */
  windowPoint(id: string): Point;
}

declare const cm: Cm;

interface Window { cm: Cm; map_planner: any; explore: any; $: any }
