// What may be done about each cluster, found by cluster: situations, missing links, support.
cm.run(function (cm) {
  "use strict";

  const { advice } = cm.payload;
  const { clusters, institutes } = cm.model;

  /** Rows of a table by the cluster that they tell of. */
  function byCluster(places) {
    const rows = new Map();
    places.forEach((place, at) => {
      if (!rows.has(place)) rows.set(place, []);
      rows.get(place).push(at);
    });
    return (place) => rows.get(place) || [];
  }

  const none = () => [];
  const gapsOf = advice ? byCluster(advice.gaps.cluster) : none;
  const supportOf = advice ? byCluster(advice.support.cluster) : none;
  const missingRows = advice ? byCluster(advice.missing.cluster) : none;

  /** The other end of a missing link, or a support body: a cluster or an institute. */
  function endOf(number) {
    if (number < clusters.length) return { cluster: clusters[number], institute: null, name: "" };
    const at = number - clusters.length;
    if (at < institutes.length) {
      return { cluster: null, institute: institutes[at], name: institutes[at].name };
    }
    return { cluster: null, institute: null, name: advice.beyond[at - institutes.length] };
  }

  function readMissing(at) {
    const { missing } = advice;
    return {
      ...endOf(missing.other[at]), at, from: clusters[missing.cluster[at]], km: missing.km[at],
      observed: missing.observed[at], expected: missing.expected[at], chance: missing.chance[at],
      lacking: missing.lacking[at],
      common: cm.decode(missing.common, at).split(";").filter(Boolean),
      broker: cm.decode(missing.broker, at), direct: missing.direct[at],
      contacts: missing.contacts[at],
    };
  }

  /** Missing links of a cluster, what lacks most first. */
  cm.missingOf = (cluster) => missingRows(cluster.place).map(readMissing);

  cm.gapsOf = (cluster) => gapsOf(cluster.place).map((at) => ({
    entry: cm.decode(advice.gaps.entry, at), difference: cm.decode(advice.gaps.difference, at),
    present: advice.gaps.present[at],
  }));

  /** What support a cluster got; null where that is not known. */
  cm.supportOf = function (cluster) {
    const [at] = supportOf(cluster.place);
    if (at === undefined) return null;
    return Object.fromEntries(Object.entries(advice.support.measures)
      .map(([name, column]) => [name, column[at]]));
  };

  const isOpen = (thing, place) => (thing.conditions
    ? thing.conditions.some((one) => isOpen(one, place)) : cm.decode(thing.open, place) !== "");

  /** Whether a situation or condition is seen in a cluster: seen, not_seen, undecided; "" where
   * nothing is told of it. */
  cm.stateOf = function (thing, place) {
    if (thing.holds[place] === null) return isOpen(thing, place) ? "undecided" : "";
    return thing.holds[place] ? "seen" : "not_seen";
  };

  /** Situations of a cluster that are in one state. */
  cm.situationsOf = (cluster, state) => (advice ? advice.situations.filter((one) =>
    cm.stateOf(one, cluster.place) === state) : []);

  /** Scorecards of support bodies, those that reach most firms first. */
  cm.bodies = (advice ? advice.bodies.institute : []).map((number, at) => {
    const measures = Object.fromEntries(Object.entries(advice.bodies.measures)
      .map(([name, column]) => [name, column[at]]));
    return { ...endOf(number), measures };
  });
  cm.bodies.sort((a, b) => (b.measures.near_firms || 0) - (a.measures.near_firms || 0));
  const scorecards = new Map(cm.bodies.map((one) => [one.institute, one]));

  /** An interval of shares, in percent. */
  cm.shares = (low, high) => `${cm.number(100 * low, low < 0.1 ? 1 : 0)}–${cm.percent(high)}`;

  const latLng = (thing) => cm.map.unproject([256 * thing.x, 256 * thing.y], 0);

  /** Support bodies within reach of a cluster and how far they are, the nearest first. */
  cm.bodiesNear = function (cluster) {
    if (!advice || !cluster.located) return [];
    const here = latLng(cluster);
    return cm.bodies.filter((body) => body.institute)
      .map((body) => ({ body, km: here.distanceTo(latLng(body.institute)) / 1000 }))
      .filter(({ km }) => km <= advice.bodies.reach_km)
      .sort((a, b) => a.km - b.km);
  };

  /** Whom a support body reaches, in words; "" for other institutes. */
  cm.bodyLine = function (institute) {
    const body = scorecards.get(institute);
    if (!body) return "";
    const { near_firms: near, near_share: share, near_low: low, near_high: high, joined } =
      body.measures;
    return [near !== null && share !== null && low !== null && high !== null
      ? cm.say("page.bodies.told", { near: cm.number(near, 0), share: cm.percent(share),
        interval: cm.shares(low, high) }) : "",
    joined === null ? "" : cm.say("page.bodies.told_joined", { joined: cm.number(joined, 0) })]
      .filter(Boolean).join(" · ");
  };

  const keysIn = (cluster, state) =>
    cm.situationsOf(cluster, state).map((one) => one.key).join(";");

  /** Columns that advice adds to the saved table; none without it. */
  cm.adviceColumns = /** @type {TableColumn[]} */ (advice ? [
    ["situations_seen", (cluster) => keysIn(cluster, "seen")],
    ["situations_undecided", (cluster) => keysIn(cluster, "undecided")],
    ["diffusion_level", (cluster) => (advice.diffusion
      ? advice.diffusion.level[cluster.place] : null)],
    ["missing_links", (cluster) => missingRows(cluster.place).length],
  ] : []);
});
