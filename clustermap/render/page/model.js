// The release as objects that the map, the table and the card read.
cm.run(function (cm) {
  "use strict";

  const UNIT = 100000;
  const LAST = 85.0511; // degrees of latitude: Mercator's map is a square up to here
  const payload = cm.payload;

  // Web Mercator with the whole world between 0 and 1.
  const worldX = (lon) => lon / 360 + 0.5;
  function worldY(lat) {
    const sine = Math.sin((Math.max(-LAST, Math.min(LAST, lat)) * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  }

  function unpackNumbers(text) {
    const bytes = atob(text);
    const numbers = [];
    let number = 0;
    let scale = 1;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes.charCodeAt(at);
      number += (byte & 127) * scale;
      if (byte < 128) {
        numbers.push(number);
        number = 0;
        scale = 1;
      } else {
        scale *= 128;
      }
    }
    return numbers;
  }

  const unzigzag = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);

  /** Outlines as lists of rings, each ring world coordinates x, y, x, y, ... */
  function unpackOutlines(text) {
    const numbers = unpackNumbers(text);
    const shapes = [];
    let at = 0;
    let lon = 0;
    let lat = 0;
    while (at < numbers.length) {
      const rings = [];
      for (let left = numbers[at++]; left > 0; left -= 1) {
        const corners = numbers[at++];
        const ring = new Float64Array(2 * corners);
        for (let corner = 0; corner < corners; corner += 1) {
          lon += unzigzag(numbers[at++]);
          lat += unzigzag(numbers[at++]);
          ring[2 * corner] = worldX(lon / UNIT);
          ring[2 * corner + 1] = worldY(lat / UNIT);
        }
        rings.push(ring);
      }
      shapes.push(rings);
    }
    return shapes;
  }

  function unpackPoints(text) {
    const numbers = unpackNumbers(text);
    const points = new Float64Array(numbers.length);
    let lon = 0;
    let lat = 0;
    for (let at = 0; at < numbers.length; at += 2) {
      lon += unzigzag(numbers[at]);
      lat += unzigzag(numbers[at + 1]);
      points[at] = worldX(lon / UNIT);
      points[at + 1] = worldY(lat / UNIT);
    }
    return points;
  }

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
    const shapes = unpackOutlines(columns.outlines);
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
      typical: columns.typical[at],
      drawn: source < count && columns.target[at] < count,
    }));
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
    const shapes = unpackOutlines(columns.outlines);
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

  cm.model = {
    clusters, flows, flowsOf,
    byId: new Map(clusters.map((cluster) => [cluster.id, cluster])),
    rated: [], unrated: [], // see scores.js
    institutes: readInstitutes(),
    firms: payload.firms
      ? { points: unpackPoints(payload.firms.points), names: payload.firms.name }
      : null,
    periods: [],
    coast: unpackOutlines(payload.coast),
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
