// The release as objects that the map, the table and the card read.
cm.run(function (cm) {
  "use strict";

  const { UNIT, worldX, worldY } = cm;
  const payload = cm.payload;

  function boxOf(rings) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of rings) {
      for (let at = 0; at < ring.length; at += 2) {
        box[0] = Math.min(box[0], ring[at]);
        box[1] = Math.min(box[1], ring[at + 1]);
        box[2] = Math.max(box[2], ring[at]);
        box[3] = Math.max(box[3], ring[at + 1]);
      }
    }
    return box;
  }

  const decode = (coded, place) => coded.texts[coded.codes[place]];
  cm.decode = decode;

  function readClusters() {
    const columns = payload.clusters;
    const shapes = cm.unpackOutlines(columns.outlines);
    return columns.id.map((id, place) => {
      const located = columns.lon[place] !== null;
      return {
        place, id, located,
        name: columns.name[place], nameEn: columns.name_en[place],
        kind: decode(columns.kind, place), region: decode(columns.region, place),
        district: decode(columns.district, place), 
        industries: decode(columns.industries, place).split(";").filter(Boolean),
        area: columns.area_km2[place], firms: columns.firms[place],
        employees: columns.employees[place],
        lon: columns.lon[place] / UNIT, lat: columns.lat[place] / UNIT,
        x: located ? worldX(columns.lon[place] / UNIT) : 0,
        y: located ? worldY(columns.lat[place] / UNIT) : 0,
        rings: shapes[place], box: boxOf(shapes[place]),
        // Until scores are put on it, see scores.js.
        rated: false, score: null, low: null, high: null, rank: null, rankLow: null,
        rankHigh: null, capability: null, gap: null, scoreClass: null, reason: "", quadrant: "",
        confidence: "",
      };
    });
  }

  function readFlows(count) {
    const columns = payload.flows;
    return columns.source.map((source, at) => ({
      source, target: columns.target[at], kind: columns.kind[at], links: columns.links[at],
      drawn: source < count && columns.target[at] < count,
    }));
  }

  // Links of the periods, for flows that may be told by period.
  function readPeriods(flows) {
    const { years, flow, period, links } = payload.periods;
    flow.forEach((at, row) => {
      flows[at].periods = flows[at].periods || years.map(() => 0);
      flows[at].periods[period[row]] += links[row];
    });
    return years;
  }

  const keyOf = (low, high, kind) => `${Math.min(low, high)} ${Math.max(low, high)} ${kind}`;

  // What is drawn: two clusters and a kind, both directions together.
  function readPairs(flows) {
    const pairs = new Map();
    for (const flow of flows) {
      if (!flow.drawn) continue;
      const key = keyOf(flow.source, flow.target, flow.kind);
      if (!pairs.has(key)) {
        pairs.set(key, { source: Math.min(flow.source, flow.target),
          target: Math.max(flow.source, flow.target), kind: flow.kind, links: 0, flows: [],
          observed: null, expected: null });
      }
      const pair = pairs.get(key);
      pair.links += flow.links;
      pair.flows.push(flow);
    }
    const { typical } = payload;
    typical.low.forEach((low, at) => {
      const pair = pairs.get(keyOf(low, typical.high[at], typical.kind[at]));
      if (!pair) return;
      pair.observed = typical.observed[at];
      pair.expected = typical.expected[at];
    });
    return [...pairs.values()];
  }

  function readInstitutes() {
    const columns = payload.institutes;
    const stacks = new Map();
    const institutes = columns.name.map((name, at) => {
      const spot = `${columns.lon[at]},${columns.lat[at]}`;
      const above = stacks.get(spot) || 0;
      stacks.set(spot, above + 1);
      return {
        name, type: columns.kind[at], cluster: columns.cluster[at],
        precision: columns.precision_m[at], above, spot, stack: 1,
        x: worldX(columns.lon[at] / UNIT), y: worldY(columns.lat[at] / UNIT),
      };
    });
    for (const institute of institutes) institute.stack = stacks.get(institute.spot);
    return institutes;
  }

  function readRegions() {
    const columns = payload.regions;
    if (!columns) return [];
    const shapes = cm.unpackOutlines(columns.outlines);
    return columns.name.map((name, at) => ({
      name, nameEn: columns.name_en[at], rings: shapes[at],
      x: columns.lon[at] === null ? null : worldX(columns.lon[at] / UNIT),
      y: columns.lat[at] === null ? null : worldY(columns.lat[at] / UNIT),
    }));
  }

  const clusters = readClusters();
  const flows = readFlows(clusters.length);
  const flowsOf = clusters.map(() => []);
  for (const flow of flows) {
    if (flow.source < clusters.length) flowsOf[flow.source].push(flow);
    if (flow.target < clusters.length) flowsOf[flow.target].push(flow);
  }

  const pairs = readPairs(flows);
  const pairsOf = clusters.map(() => []);
  for (const pair of pairs) {
    pairsOf[pair.source].push(pair);
    if (pair.target !== pair.source) pairsOf[pair.target].push(pair);
  }

  cm.model = {
    clusters, flows, flowsOf, pairs, pairsOf,
    periods: readPeriods(flows),
    byId: new Map(clusters.map((cluster) => [cluster.id, cluster])),
    rated: [], unrated: [], // see scores.js
    institutes: readInstitutes(),
    firms: payload.firms
      ? { points: cm.unpackPoints(payload.firms.points), names: payload.firms.name }
      : null,
    coast: cm.unpackOutlines(payload.coast),
    regions: readRegions(),
    measure: clusters.filter((cluster) => cluster.employees !== null).length
      >= clusters.filter((cluster) => cluster.firms !== null).length / 2 ? "employees" : "firms",
  };

  /** Both names of something, the one in the page's language first; the second may be "". */
  cm.names = function (thing) {
    const own = thing.name || thing.nameEn || cm.say("page.unnamed");
    if (!thing.nameEn || thing.nameEn === own) return [own, ""];
    return cm.language === "en" ? [thing.nameEn, own] : [own, thing.nameEn];
  };
});
