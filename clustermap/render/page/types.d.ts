// Shapes of what the scripts of the page share; for readers and editors, never loaded.

declare const L: any;
declare const map_planner: any;

interface CodedTexts { texts: string[]; codes: number[] }
type Numbers = (number | null)[];
type Ratios = Record<"observed" | "expected" | "ratio" | "low" | "high", Numbers>;
type Told = [template: number, gaps: string[], english?: string[]];

/** What Python wrote (clustermap/render/payload.py). Degrees are whole steps of 1e-5. */
interface Payload {
  about: {
    title: string; language: "ko" | "en"; synthetic: boolean; internal: boolean;
    attribution: string[]; version: string; withheld: Record<string, number>; notes: Told[];
    /** When a value is withheld: fewer firms than min, or one firm above share per cent. */
    rules: { min: number; share: string };
    /** Of how many values something was withheld; whether any partner abroad is known. */
    totals: Record<string, number>; abroad: boolean;
    coverage: { kind: string[]; links: Numbers; inside: Numbers; first_year: Numbers;
      last_year: Numbers };
  };
  /** Parts of the catalogue: part -> rest of the key -> text by language. */
  words: Record<string, Record<string, { ko: string; en: string }>>;
  kinds: string[];
  types: string[];
  clusters: {
    id: string[]; name: string[]; name_en: string[]; kind: CodedTexts; region: CodedTexts;
    district: CodedTexts; industries: CodedTexts; area_km2: Numbers; firms: Numbers;
    employees: Numbers; lon: Numbers; lat: Numbers; outlines: string;
  };
  scores: { score: Numbers; low: Numbers; high: Numbers; rank: Numbers; rank_low: Numbers;
    rank_high: Numbers; rated: Numbers; reason: CodedTexts; capability: Numbers; gap: Numbers;
    quadrant: CodedTexts; confidence: CodedTexts };
  subscores: { subscore: string; value: Numbers; low: Numbers; high: Numbers; weight: Numbers; contribution: Numbers; decided: Numbers;
    reason: CodedTexts }[];
  /** Links against what is typical: at the local reach that decides (or the widest), and beyond.
   * Ratios are multiples of what is typical. */
  ratios: { reach: CodedTexts; local: Ratios; beyond: Ratios };
  /** Lists of their own, each row with the place of its cluster. */
  brokers: { cluster: number[]; name: CodedTexts; type: CodedTexts; role: CodedTexts };
  abroad: { cluster: number[]; country: CodedTexts; kind: number[]; links: number[] };
  flags: { cluster: number[]; flag: CodedTexts };
  indicators: { indicator: string; kind: string; industry: string; median: number | null;
    value: Numbers; low?: Numbers; high?: Numbers; notes: Record<string, string> }[];
  industries: Record<string, { ko: string; en: string }>;
  /** Cells below the number of clusters are clusters; the rest count on in `beyond`, where
   * "outside:" is every square outside together; countries abroad stand in `abroad`. */
  flows: { beyond: string[]; source: number[]; target: number[]; kind: number[];
    links: number[] };
  institutes: { name: string[]; kind: number[]; cluster: Numbers; precision_m: Numbers;
    lon: Numbers; lat: Numbers; unplaced: number };
  firms: { points: string; unplaced: number; name: string[] | null } | null;
  explanations: Told[][];
  sentences: Record<"ko" | "en", { fixed: string[]; gaps: number[] }>[];
  coast: string;
  /** West, south, east, north within which the land is whole, in degrees. */
  frame: [number, number, number, number] | null;
  regions: { name: string[]; name_en: string[]; outlines: string; lon: Numbers;
    lat: Numbers } | null;
}

/** What the reader has chosen and what is drawn; tests look here, never at pixels. */
interface State {
  /** Everything is drawn and listens; also performance.mark("ready"). */
  ready: boolean;
  language: "ko" | "en";
  /** Identifier of the selected cluster. */
  selected: string | null;
  hovered: string | null;
  /** What is searched for, in lower case. */
  search: string;
  /** What the legend has switched on; flows by the place of their kind in `payload.kinds`. */
  shown: { flows: boolean[]; institutes: boolean; firms: boolean; regions: boolean };
  /** How many of each the page carries. */
  counts: { clusters: number; rated: number; unrated: number; institutes: number; flows: number;
    firms: number };
  /** How many of each were drawn last. */
  drawn: { circles: number; polygons: number; hollow: number; flows: number; institutes: number;
    firms: number; labels: number; rows: number };
}

interface Window {
  cm: {
    payload: Payload;
    state: State;
    language: "ko" | "en";
    map: any;
    model: any;
    say(key: string, values?: Record<string, unknown>): string;
    select(id: string | null): void;
    setLanguage(language: "ko" | "en"): void;
    on(event: "select" | "hover" | "language" | "shown", listener: () => void): void;
    /** Where a cluster's mark lies in the window, in pixels. */
    windowPoint(id: string): { x: number; y: number };
    /** Class of a rank: 0 the best; as many as there are shares for the rest. */
    classOf(rank: number, rated: number): number;
    /** Shares in percent at which classes end, and their shades in RAMP. */
    classesOf(rated: number): { shares: number[]; shades: number[] };
    [name: string]: any;
  };
}
