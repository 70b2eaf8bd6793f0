// Missing links of the selected cluster on the map, while their part of the card stands open.
// They are no links: straight black dashes with an open ring at the far end, where links are
// curved and coloured.
cm.run(function (cm) {
  "use strict";

  const INK = "#15171a";
  const NEAR = 6; // pixels from a line that still mean it
  const RING = 6;
  const DASHES = [9, 6];
  const NAMED_FROM = 40; // pixels of a line whose end is named
  const CLUSTERS_NAMED_FROM = 11; // see clusters.js

  let open = false;
  let drawn = [];

  // Of the end on the map that a missing link leads to; null where there is none.
  const spotOf = (missing) => {
    if (missing.cluster) return missing.cluster.located ? missing.cluster : null;
    return missing.institute;
  };

  /** Missing links that could be drawn now: those of the selected cluster with both ends known. */
  cm.missingDrawable = function () {
    const selected = cm.selected();
    if (!open || !selected || !selected.located) return [];
    return cm.missingOf(selected).filter(spotOf);
  };

  /** @returns {[number, number, number, number]} */
  function endsOf(missing, scale, left, top) {
    const to = spotOf(missing);
    return [missing.from.x * scale - left, missing.from.y * scale - top,
      to.x * scale - left, to.y * scale - top];
  }

  function strokeLine(context, [x0, y0, x1, y1]) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const part = length > RING ? (length - RING) / length : 0;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x0 + part * (x1 - x0), y0 + part * (y1 - y0));
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(x1, y1, RING, 0, 2 * Math.PI);
    context.stroke();
  }

  cm.drawMissing = function (context, view) {
    drawn = cm.state.shown.missing ? cm.missingDrawable() : [];
    for (const missing of drawn) {
      const ends = endsOf(missing, view.scale, view.left, view.top);
      context.strokeStyle = "#ffffff";
      context.lineWidth = 5;
      context.setLineDash([]);
      strokeLine(context, ends);
      context.strokeStyle = INK;
      context.lineWidth = 2.2;
      context.setLineDash(DASHES);
      strokeLine(context, ends);
    }
    context.setLineDash([]);
    cm.state.drawn.missing = drawn.length;
  };

  // Beyond the far end, seen from the cluster: names never lie on their own line.
  function nameSpot(context, text, [x0, y0, x1, y1]) {
    const length = Math.hypot(x1 - x0, y1 - y0) || 1;
    const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
    const half = context.measureText(text).width / 2 + 3;
    const side = Math.abs(dx) > 0.5 ? Math.sign(dx) * (RING + 3 + half) : 0;
    return { x: x1 + side, y: y1 + (side ? 0 : Math.sign(dy || 1) * (RING + 11)), half, length };
  }

  /** Names of the far ends, as far as they find room; near enough, clusters have theirs anyway. */
  cm.drawMissingNames = function (context, view) {
    const boxes = new cm.Boxes();
    context.font = `500 12px ${cm.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const missing of drawn) {
      if (missing.cluster && view.zoom >= CLUSTERS_NAMED_FROM) continue;
      const text = cm.cut(cm.missingName(missing), 24);
      const { x, y, half, length } = nameSpot(context, text,
        endsOf(missing, view.scale, view.left, view.top));
      if (length < NAMED_FROM || !boxes.take(x - half, y - 8, x + half, y + 8)) continue;
      cm.writeHalo(context, text, x, y, INK, "rgba(255, 255, 255, 0.92)");
    }
  };

  /** A short missing link, as the map draws it, for the legend and the card. */
  cm.missingSample = function () {
    const canvas = cm.make("canvas", { width: 52, height: 20, class: "missing-stroke",
      "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.strokeStyle = INK;
    context.lineWidth = 1.6;
    context.setLineDash([5, 3]);
    context.beginPath();
    context.moveTo(0, 5);
    context.lineTo(18, 5);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(22, 5, 3.2, 0, 2 * Math.PI);
    context.stroke();
    return canvas;
  };

  /** The missing link whose line runs under a point of the visible map; else null. */
  cm.missingAt = function (point) {
    const corner = cm.map.getPixelBounds().min;
    const scale = 256 * 2 ** cm.map.getZoom();
    return drawn.find((missing) => {
      const [x0, y0, x1, y1] = endsOf(missing, scale, corner.x, corner.y);
      const square = (x1 - x0) ** 2 + (y1 - y0) ** 2 || 1;
      const t = Math.max(0, Math.min(1,
        ((point.x - x0) * (x1 - x0) + (point.y - y0) * (y1 - y0)) / square));
      return Math.hypot(x0 + t * (x1 - x0) - point.x, y0 + t * (y1 - y0) - point.y) <= NEAR;
    }) || null;
  };

  /** Name of the other end of a missing link. */
  cm.missingName = (missing) => (missing.cluster ? cm.names(missing.cluster)[0]
    : missing.name || cm.say("page.unnamed"));

  const count = (value) => cm.number(value, Number.isInteger(value) ? 0 : 1);

  /** Observed and typical links of a missing one, in words. */
  cm.missingCount = (missing) => (missing.observed === null || missing.expected === null
    ? cm.say("page.missing.count_withheld")
    : cm.say("page.missing.count", { observed: count(missing.observed),
      expected: cm.number(missing.expected, 1) }));

  /** What a missing link says in a tip. */
  cm.missingLines = (missing) => [cm.missingName(missing),
    `${cm.say("page.missing.tip")} · ${cm.missingCount(missing)}`];

  /** Bring the selected cluster and the ends of its missing links into sight. */
  cm.goToMissing = function () {
    const spots = cm.missingDrawable().map(spotOf);
    const selected = cm.selected();
    if (!selected || !spots.length) return;
    const card = cm.byId("card").getBoundingClientRect();
    const wide = card.left > 60;
    if (!wide) window.scrollTo(0, 0); // on phones the map may be out of sight
    const frame = cm.map.getContainer().getBoundingClientRect();
    const covered = wide ? 0 : Math.max(0, frame.bottom - card.top);
    const legend = wide && cm.byId("legend-fold").open ? cm.byId("legend").offsetWidth : 0;
    const scale = 256 * 2 ** cm.map.getZoom();
    const bounds = L.latLngBounds([selected, ...spots].map((one) =>
      cm.map.unproject([one.x * scale, one.y * scale], cm.map.getZoom())));
    cm.map.fitBounds(bounds, { animate: false, maxZoom: 13, paddingTopLeft: [70 + legend, 50],
      paddingBottomRight: [wide ? card.width + 70 : 60, covered + 50] });
  };

  // What the card says of its part; told by the event that only details themselves are told.
  cm.byId("card").addEventListener("toggle", (event) => {
    if (event.target.id !== "fold-missing" || cm.printing) return;
    open = event.target.open;
    cm.tell("shown");
  }, true);
  cm.on("select", () => { open = false; }); // until the next card says that it stands open
});
