// Land, borders of regions and their names; the mark of synthetic data.
cm.run(function (cm) {
  "use strict";

  const LAND = "#fbfaf7";
  const COAST = "#b9c2c9";
  const BORDER = "#d5d3cc";

  function markSynthetic(context, view) {
    const tile = 420;
    context.save();
    context.font = `600 15px ${cm.fontFamily}`;
    context.fillStyle = "rgba(60, 72, 88, 0.13)";
    context.textAlign = "center";
    const text = cm.say("page.synthetic_short");
    const startX = -(((view.left % tile) + tile) % tile);
    const startY = -(((view.top % tile) + tile) % tile);
    for (let y = startY; y < view.height + tile; y += tile / 2) {
      for (let x = startX; x < view.width + tile; x += tile) {
        const shift = Math.round((y - startY) / (tile / 2)) % 2 ? tile / 2 : 0;
        context.save();
        context.translate(x + shift, y);
        context.rotate(-0.42);
        context.fillText(text, 0, 0);
        context.restore();
      }
    }
    context.restore();
  }

  const NAMES_UNTIL = 10; // from here on the names of clusters take over

  /** Names of regions, above the clusters so that they can be read. */
  cm.drawRegionNames = function (context, view) {
    if (!cm.state.shown.regions || view.zoom >= NAMES_UNTIL) return;
    const boxes = new cm.Boxes();
    context.font = `600 12px ${cm.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const region of cm.model.regions) {
      if (region.x === null) continue;
      const text = cm.cut(cm.names(region)[0], 24);
      const x = region.x * view.scale - view.left;
      const y = region.y * view.scale - view.top;
      const half = context.measureText(text).width / 2 + 4;
      if (!boxes.take(x - half, y - 9, x + half, y + 9)) continue;
      cm.writeHalo(context, text, x, y, "#5f5a4c", "rgba(251, 250, 247, 0.75)");
    }
  };

  function paint(context, view) {
    context.beginPath();
    for (const rings of cm.model.coast) cm.tracePath(context, rings, view);
    context.fillStyle = LAND;
    context.fill("evenodd");
    context.strokeStyle = COAST;
    context.lineWidth = 1;
    context.stroke();
    context.beginPath();
    for (const region of cm.model.regions) cm.tracePath(context, region.rings, view);
    context.strokeStyle = BORDER;
    context.stroke();
    if (cm.payload.about.synthetic) markSynthetic(context, view);
  }

  cm.basemap = new cm.Canvas(paint, { pane: "tilePane" });
});
