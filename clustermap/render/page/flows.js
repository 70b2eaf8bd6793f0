// Linkages between clusters as curved lines: the nation's strongest, or the selected cluster's.
(function (cm) {
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

  const national = cm.model.flows.filter((flow) => flow.drawn
    && cm.model.clusters[flow.source].located && cm.model.clusters[flow.target].located);

  /** The flows that are drawn now, strongest first. */
  cm.flowsShown = function () {
    const selected = cm.selected();
    const from = selected ? cm.model.flowsOf[selected.place].filter((flow) => flow.drawn)
      : national;
    return from
      .filter((flow) => cm.state.shown.flows[flow.kind])
      .sort((a, b) => b.links - a.links)
      .slice(0, selected ? OWN : NATIONAL);
  };

  // Kinds between the same two clusters bend differently, so that they lie side by side.
  function curve(context, view, flow) {
    const from = cm.model.clusters[Math.min(flow.source, flow.target)];
    const to = cm.model.clusters[Math.max(flow.source, flow.target)];
    const x0 = from.x * view.scale - view.left;
    const y0 = from.y * view.scale - view.top;
    const x1 = to.x * view.scale - view.left;
    const y1 = to.y * view.scale - view.top;
    const bend = 0.1 + 0.05 * flow.kind;
    context.beginPath();
    context.moveTo(x0, y0);
    context.quadraticCurveTo(
      (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0), x1, y1);
  }

  cm.drawFlows = function (context, view) {
    const flows = cm.flowsShown();
    const most = flows.length ? flows[0].links : 1;
    context.lineCap = "round";
    // The strongest last, on top.
    for (const flow of [...flows].reverse()) {
      const width = Math.max(0.8, WIDEST * Math.sqrt(flow.links / most));
      curve(context, view, flow);
      context.globalAlpha = 0.5;
      context.strokeStyle = "#ffffff";
      context.lineWidth = width + 1.2;
      context.stroke();
      context.globalAlpha = 0.72;
      context.strokeStyle = cm.flowColour(flow.kind);
      context.lineWidth = width;
      context.stroke();
    }
    context.globalAlpha = 1;
    context.lineCap = "butt";
    cm.state.drawn.flows = flows.length;
  };
})(window.cm);
