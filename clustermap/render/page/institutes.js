// Institutes: one mark a type, spread out where several stand on one point.
cm.run(function (cm) {
  "use strict";

  const INK = "#5b3a29";
  const SPREAD_FROM = 9;

  const square = (context, x, y, r) => context.rect(x - r, y - r, 2 * r, 2 * r);

  function polygon(context, x, y, corners) {
    corners.forEach(([dx, dy], at) => {
      if (at) context.lineTo(x + dx, y + dy);
      else context.moveTo(x + dx, y + dy);
    });
    context.closePath();
  }

  const MARKS = {
    university: square,
    public_institute: (context, x, y, r) =>
      polygon(context, x, y, [[0, -1.4 * r], [1.4 * r, 0], [0, 1.4 * r], [-1.4 * r, 0]]),
    hospital(context, x, y, r) {
      const a = 0.45 * r;
      const b = 1.3 * r;
      polygon(context, x, y, [[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b],
        [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a]]);
    },
    support: (context, x, y, r) =>
      polygon(context, x, y, [[0, -1.3 * r], [1.3 * r, r], [-1.3 * r, r]]),
    firm: (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
    other: (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
  };

  // From afar a type cannot be told, and marks would hide the clusters: a small dot says "here".
  const MARKS_FROM = 8.5;

  function drawDot(context, x, y) {
    context.fillStyle = INK;
    context.fillRect(x - 1, y - 1, 2, 2);
  }

  cm.institutesMarked = () => cm.map.getZoom() >= MARKS_FROM;

  cm.drawMark = function (context, type, x, y, r) {
    context.beginPath();
    MARKS[type](context, x, y, r);
    context.lineWidth = 1.4;
    context.strokeStyle = "#ffffff";
    context.stroke();
    context.fillStyle = INK;
    context.fill();
  };

  // A sunflower's seeds: every mark is equally far from the next.
  function place(institute, zoom, scale) {
    const step = 7 * Math.max(0, Math.min(1, (zoom - SPREAD_FROM) / 2));
    const apart = institute.stack > 1 ? step * Math.sqrt(institute.above) : 0;
    const angle = institute.above * 2.399963;
    return {
      x: institute.x * scale + apart * Math.cos(angle),
      y: institute.y * scale + apart * Math.sin(angle),
    };
  }

  const size = (zoom) => Math.max(2.4, Math.min(5, 2.4 + 0.8 * (zoom - MARKS_FROM)));

  let drawn = [];

  cm.drawInstitutes = function (context, view) {
    drawn = [];
    cm.state.drawn.institutes = 0;
    if (!cm.state.shown.institutes) return;
    const marked = view.zoom >= MARKS_FROM;
    context.globalAlpha = (cm.selected() || cm.foundPlaces() ? 0.4 : 0.9) * (marked ? 1 : 0.6);
    for (const institute of cm.model.institutes) {
      if (view.zoom <= SPREAD_FROM && institute.above) continue;
      const at = place(institute, view.zoom, view.scale);
      const x = at.x - view.left;
      const y = at.y - view.top;
      if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
      if (marked) cm.drawMark(context, cm.payload.types[institute.type], x, y, size(view.zoom));
      else drawDot(context, x, y);
      drawn.push({ institute, x: at.x, y: at.y });
    }
    context.globalAlpha = 1;
    cm.state.drawn.institutes = drawn.length;
  };

  /** The institute under a point of the visible map, once marks are large enough; else null. */
  cm.instituteAt = function (point) {
    if (cm.map.getZoom() < SPREAD_FROM) return null;
    const corner = cm.map.getPixelBounds().min;
    const reach = size(cm.map.getZoom()) + 2;
    const found = drawn.find((mark) =>
      Math.hypot(mark.x - corner.x - point.x, mark.y - corner.y - point.y) <= reach);
    return found ? found.institute : null;
  };
});
