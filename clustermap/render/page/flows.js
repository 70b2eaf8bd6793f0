// Linkages between clusters as curved lines: the nation's strongest, or the selected cluster's.
cm.run(function (cm) {
  "use strict";

  /** Okabe and Ito's colours, which readers with any colour vision tell apart; "other" is grey. */
  cm.FLOW_COLOURS = {
    firm_firm: "#e69f00",
    research: "#009e73",
    support: "#56b4e9",
    transfer: "#d55e00",
    mobility: "#cc79a7",
    other: "#7a7f87",
  };

  // A small nation with as many lines as a large one would be a tangle.
  const NATIONAL = Math.max(40, Math.min(100, Math.round(cm.model.clusters.length / 15)));
  const OWN = 40;
  const WIDEST = 4.5;

  cm.flowColour = (kind) => cm.FLOW_COLOURS[cm.payload.kinds[kind]];

  const isLocated = (pair) => cm.model.clusters[pair.source].located
    && cm.model.clusters[pair.target].located;
  const national = cm.model.pairs.filter(isLocated);

  /** Links of a pair in the period that is shown; null where they are not told. */
  cm.linksOf = function (pair) {
    const { period } = cm.state;
    if (period === null) return pair.links;
    if (pair.flows.some((flow) => !flow.periods)) return null;
    return pair.flows.reduce((sum, flow) => sum + flow.periods[period], 0);
  };

  /** Links above what is typical, nought where there are fewer; null where that is not known. */
  cm.excessOf = function (pair) {
    // What is typical is known of all years together.
    if (cm.state.period !== null || pair.observed === null || pair.expected === null) return null;
    return Math.max(0, pair.observed - pair.expected);
  };

  const known = cm.model.pairs.some((pair) => pair.expected !== null);

  /** Whether lines are as wide as links above typical, else as links. */
  cm.drawsExcess = () => known && cm.state.period === null;

  // Where what is typical of a pair may not be told, its line is as thin as can be.
  const weightOf = (pair) =>
    (cm.drawsExcess() ? cm.excessOf(pair) || 0 : cm.linksOf(pair) || 0);

  function pickFlows() {
    const selected = cm.selected();
    const from = selected ? cm.model.pairsOf[selected.place].filter(isLocated) : national;
    return from
      .filter((pair) => cm.state.shown.flows[pair.kind] && cm.linksOf(pair) > 0)
      .sort((a, b) => weightOf(b) - weightOf(a) || b.links - a.links)
      .slice(0, selected ? OWN : NATIONAL);
  }

  let picked = { key: "", flows: [] };

  /**
   * The pairs that are drawn now, those with the most links above typical first; picked anew only
   * when they may be others, since a nation has thousands and every step of a slider asks.
   */
  cm.flowsShown = function () {
    if (cm.hidesFlows()) return [];
    const { selected, period, shown } = cm.state;
    const key = JSON.stringify([selected, period, shown.flows]);
    if (key !== picked.key) picked = { key, flows: pickFlows() };
    return picked.flows;
  };

  cm.hidesFlows = cm.isChoosing;

  // Kinds between the same two clusters bend differently, so that they lie side by side.
  const bendOf = (pair) => 0.1 + 0.05 * pair.kind;

  function curve(context, view, flow) {
    const from = cm.model.clusters[flow.source];
    const to = cm.model.clusters[flow.target];
    const x0 = from.x * view.scale - view.left;
    const y0 = from.y * view.scale - view.top;
    const x1 = to.x * view.scale - view.left;
    const y1 = to.y * view.scale - view.top;
    const bend = bendOf(flow);
    context.beginPath();
    context.moveTo(x0, y0);
    context.quadraticCurveTo(
      (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0), x1, y1);
  }

  const NEAR = 5; // pixels from a line that still mean it

  /** The pair whose line runs under a point of the visible map; else null. */
  cm.flowAt = function (point) {
    const zoom = cm.map.getZoom();
    const scale = 256 * 2 ** zoom;
    const corner = cm.map.getPixelBounds().min;
    for (const pair of drawn) {
      const [from, to] = [cm.model.clusters[pair.source], cm.model.clusters[pair.target]];
      const [x0, y0] = [from.x * scale - corner.x, from.y * scale - corner.y];
      const [x1, y1] = [to.x * scale - corner.x, to.y * scale - corner.y];
      const bend = bendOf(pair);
      const [xm, ym] = [(x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)];
      const steps = Math.min(60, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / NEAR));
      for (let step = 0; step <= steps; step += 1) {
        const t = step / Math.max(1, steps);
        const x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * xm + t * t * x1;
        const y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * ym + t * t * y1;
        if (Math.hypot(x - point.x, y - point.y) <= NEAR) return pair;
      }
    }
    return null;
  };

  let drawn = []; // what was drawn last, the strongest first

  cm.drawFlows = function (context, view) {
    const flows = cm.flowsShown();
    const most = flows.length ? Math.max(weightOf(flows[0]), 1e-9) : 1;
    context.lineCap = "round";
    drawn = flows;
    // What a search has left stands out of everything else.
    const faded = cm.selected() === null && cm.foundPlaces() !== null ? 0.25 : 1;
    // The strongest last, on top.
    for (const flow of [...flows].reverse()) {
      const weight = weightOf(flow);
      const width = Math.max(0.8, WIDEST * Math.sqrt(weight / most));
      curve(context, view, flow);
      context.globalAlpha = 0.5 * faded;
      context.strokeStyle = "#ffffff";
      context.lineWidth = width + 1.2;
      context.stroke();
      // No more links than is typical: a thin broken line says that they are there.
      const broken = cm.excessOf(flow) === 0;
      context.setLineDash(broken ? [3, 4] : []);
      context.globalAlpha = (weight > 0 ? 0.72 : 0.5) * faded;
      context.strokeStyle = cm.flowColour(flow.kind);
      context.lineWidth = width;
      context.stroke();
      context.setLineDash([]);
    }
    context.globalAlpha = 1;
    context.lineCap = "butt";
    cm.state.drawn.flows = flows.length;
  };
});
