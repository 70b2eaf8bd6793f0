// The quadrant chart: links nearby against links farther away, each beside what is typical.
cm.run(function (cm) {
  "use strict";

  const KEYS = ["local_global", "local", "global", "neither", "undecided"];
  const TICKS = [0.25, 0.5, 1, 2, 4];
  const MARGIN = { left: 46, right: 14, top: 14, bottom: 40 };
  const FIRST = cm.payload.scenarios[0];

  const partOf = (key) => FIRST.subscores.find((column) => column.subscore === key);
  const near = partOf("embeddedness");
  const far = partOf("openness");

  /** Whether there is anything to draw. */
  cm.hasQuadrants = () => Boolean(near && far);

  const told = (column, place) => (column.decided[place] ? column.measure[place] : null);

  function pointsOf(clusters) {
    return clusters.map((cluster) => ({ cluster, x: told(far, cluster.place),
      y: told(near, cluster.place) })).filter((one) => one.x !== null && one.y !== null);
  }

  let spots = []; // what was drawn last: { cluster, x, y } in pixels

  function frameOf(points, width, height) {
    const reach = points.reduce((most, one) => Math.max(most, Math.abs(one.x), Math.abs(one.y)), 1);
    const end = Math.min(3.2, reach * 1.06);
    const scale = (value, from, to) => from + ((value + end) / (2 * end)) * (to - from);
    const hold = (value) => Math.max(-end, Math.min(end, value));
    return { end,
      x: (value) => scale(hold(value), MARGIN.left, width - MARGIN.right),
      y: (value) => scale(hold(value), height - MARGIN.bottom, MARGIN.top) };
  }

  function drawAxes(context, frame, width, height) {
    const right = width - MARGIN.right;
    const bottom = height - MARGIN.bottom;
    context.fillStyle = "#f7f9fb";
    context.fillRect(MARGIN.left, MARGIN.top, right - MARGIN.left, bottom - MARGIN.top);
    context.fillStyle = "#e9f0f8";
    context.fillRect(frame.x(0), MARGIN.top, right - frame.x(0), frame.y(0) - MARGIN.top);
    context.font = `11px ${cm.fontFamily}`;
    context.fillStyle = "#616b77";
    context.textBaseline = "middle";
    for (const tick of TICKS) {
      const value = Math.log2(tick);
      if (Math.abs(value) > frame.end) continue;
      context.strokeStyle = tick === 1 ? "#7b8794" : "#e3e6ea";
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(frame.x(value), MARGIN.top);
      context.lineTo(frame.x(value), bottom);
      context.moveTo(MARGIN.left, frame.y(value));
      context.lineTo(right, frame.y(value));
      context.stroke();
      const text = cm.say("page.card.ratio_value", { value: cm.number(tick) });
      context.textAlign = "center";
      context.fillText(text, frame.x(value), bottom + 12);
      context.textAlign = "right";
      context.fillText(text, MARGIN.left - 6, frame.y(value));
    }
    context.fillStyle = "#4d5763";
    context.textAlign = "center";
    context.fillText(cm.say("page.quadrants.x"), (MARGIN.left + right) / 2, bottom + 29);
    context.save();
    context.translate(10, (MARGIN.top + bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(cm.say("page.quadrants.y"), 0, 0);
    context.restore();
  }

  function drawPoints(context, frame, points) {
    const shown = new Set(cm.findClusters(cm.model.rated));
    const selected = cm.selected();
    spots = [];
    // Those that the search leaves, and the best, lie on top.
    const order = [...points].sort((a, b) => Number(shown.has(a.cluster)) - Number(shown.has(b.cluster))
      || (b.cluster.rank || 0) - (a.cluster.rank || 0));
    for (const { cluster, x, y } of order) {
      const spot = { cluster, x: frame.x(x), y: frame.y(y) };
      context.globalAlpha = shown.has(cluster) ? 0.85 : 0.15;
      context.beginPath();
      context.arc(spot.x, spot.y, 3.2, 0, 2 * Math.PI);
      context.fillStyle = cm.colourOf(cluster);
      context.fill();
      context.strokeStyle = "#6f8199";
      context.lineWidth = 0.5;
      context.stroke();
      if (shown.has(cluster)) spots.push(spot);
    }
    context.globalAlpha = 1;
    const own = selected && points.find((one) => one.cluster === selected);
    if (own) drawSelected(context, frame, own);
  }

  function drawSelected(context, frame, own) {
    const { place } = own.cluster;
    const ratios = cm.payload.ratios.find((one) => one.kind === "");
    context.strokeStyle = "#15171a";
    context.lineWidth = 1.2;
    if (ratios) {
      const ends = (column) => [column.low[place], column.high[place]].map((one) =>
        (one === null ? null : Math.log2(one)));
      const [x, y] = [ends(ratios.beyond), ends(ratios.local)];
      context.beginPath();
      if (x[0] !== null && x[1] !== null) {
        context.moveTo(frame.x(x[0]), frame.y(own.y));
        context.lineTo(frame.x(x[1]), frame.y(own.y));
      }
      if (y[0] !== null && y[1] !== null) {
        context.moveTo(frame.x(own.x), frame.y(y[0]));
        context.lineTo(frame.x(own.x), frame.y(y[1]));
      }
      context.stroke();
    }
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(frame.x(own.x), frame.y(own.y), 6, 0, 2 * Math.PI);
    context.stroke();
  }

  function spotAt(event) {
    const corner = cm.byId("quadrant-chart").getBoundingClientRect();
    const [x, y] = [event.clientX - corner.left, event.clientY - corner.top];
    let best = null;
    let nearest = 9;
    for (const spot of spots) {
      const apart = Math.hypot(spot.x - x, spot.y - y);
      if (apart <= nearest) [nearest, best] = [apart, spot.cluster];
    }
    return best;
  }

  function countButtons() {
    const counts = new Map(KEYS.map((key) => [key, 0]));
    for (const cluster of cm.model.rated) {
      counts.set(cluster.quadrant, (counts.get(cluster.quadrant) || 0) + 1);
    }
    return cm.make("ul", { class: "quadrant-counts" }, ...KEYS.map((key) => {
      const text = `${cm.say(`page.quadrants.${key}`)}`;
      const count = cm.make("b", { text: cm.number(counts.get(key), 0) });
      if (!counts.get(key)) {
        return cm.make("li", { class: "quiet" }, cm.make("span", { text }), count);
      }
      const button = cm.make("button", { type: "button", class: "link", text,
        "data-quadrant": key });
      button.addEventListener("click", () => {
        cm.filter("quadrant", key);
        cm.show("ranking");
      });
      return cm.make("li", {}, button, count);
    }));
  }

  function drawChart() {
    const canvas = cm.byId("quadrant-chart");
    const width = Math.min(480, cm.byId("view-quadrants").clientWidth - 40);
    const height = Math.round(width * 0.94);
    const dots = Math.min(window.devicePixelRatio || 1, 2);
    Object.assign(canvas, { width: width * dots, height: height * dots });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    canvas.setAttribute("aria-label", cm.say("page.quadrants.label"));
    const context = canvas.getContext("2d");
    context.setTransform(dots, 0, 0, dots, 0, 0);
    context.clearRect(0, 0, width, height);
    const points = pointsOf(cm.model.rated);
    const frame = frameOf(points, width, height);
    drawAxes(context, frame, width, height);
    drawPoints(context, frame, points);
    cm.state.drawn.points = points.length;
    return points.length;
  }

  cm.drawQuadrants = function () {
    const body = cm.byId("quadrant-body");
    const shown = drawChart();
    body.replaceChildren(cm.quiet(cm.say("page.quadrants.shown", { shown: cm.number(shown, 0),
      rated: cm.number(cm.state.counts.rated, 0) })),
    cm.quiet(cm.say("page.quadrants.note")), countButtons());
  };

  cm.buildQuadrants = function () {
    const canvas = cm.byId("quadrant-chart");
    canvas.addEventListener("mousemove", (event) => {
      const cluster = spotAt(event);
      canvas.style.cursor = cluster ? "pointer" : "";
      cm.hover(cluster ? cluster.id : null);
      cm.showLines(cluster ? cm.clusterLines(cluster) : null, event.clientX, event.clientY);
    });
    canvas.addEventListener("mouseleave", () => {
      cm.hover(null);
      cm.showLines(null, 0, 0);
    });
    canvas.addEventListener("click", (event) => {
      const cluster = spotAt(event);
      if (cluster) cm.select(cluster.id);
    });
    window.addEventListener("resize", () => {
      if (cm.state.view === "quadrants") cm.drawQuadrants();
    });
  };

  if (cm.hasQuadrants()) cm.addView("quadrants", cm.drawQuadrants);
});
