// Firms as dots, only where the output stays in the house.
cm.run(function (cm) {
  "use strict";

  const NAMES_FROM = 13;

  function paint(context, view) {
    cm.state.drawn.firms = 0;
    if (!cm.model.firms || !cm.state.shown.firms) return;
    const points = cm.model.firms.points;
    const r = view.zoom < 9 ? 0.5 : view.zoom < 12 ? 1 : 1.8;
    context.fillStyle = view.zoom < 9 ? "rgba(70, 70, 80, 0.35)" : "rgba(70, 70, 80, 0.6)";
    for (let at = 0; at < points.length; at += 2) {
      const x = points[at] * view.scale - view.left;
      const y = points[at + 1] * view.scale - view.top;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      context.fillRect(x - r, y - r, 2 * r, 2 * r);
      cm.state.drawn.firms += 1;
    }
  }

  /** Name of the firm under a point of the visible map; else null. */
  cm.firmAt = function (point) {
    const firms = cm.model.firms;
    if (!firms || !firms.names || !cm.state.shown.firms || cm.map.getZoom() < NAMES_FROM) {
      return null;
    }
    const scale = 256 * 2 ** cm.map.getZoom();
    const corner = cm.map.getPixelBounds().min;
    for (let at = 0; at < firms.points.length; at += 2) {
      const x = firms.points[at] * scale - corner.x;
      const y = firms.points[at + 1] * scale - corner.y;
      if (Math.abs(x - point.x) < 4 && Math.abs(y - point.y) < 4) return firms.names[at / 2];
    }
    return null;
  };

  if (cm.model.firms) cm.underlays.push(new cm.Canvas(paint, { pane: "overlayPane" }));
});
