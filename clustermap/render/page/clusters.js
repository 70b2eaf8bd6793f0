// Clusters on the map: graduated circles from afar, outlines and names from near.
cm.run(function (cm) {
  "use strict";

  /** One hue from dark to light: the best class first, the rest last. */
  cm.RAMP = cm.payload.rules.ramp;

  /** Shade of a rated cluster: its place in the ramp. */
  cm.shadeOf = (cluster) => cm.classes.shades[cluster.scoreClass];
  cm.colourOf = (cluster) => cm.RAMP[cm.shadeOf(cluster)];

  /** Colours of the answer: clearly above typical, not told apart, clearly below. */
  cm.STANDING_COLOURS = { above: "#163f7d", alike: "#c3cbd4", below: "#d97814" };

  /** Whether circles show where clusters stand to typical, and not the class of their rank. */
  cm.showsStanding = () => !cm.isChoosing() && cm.isWeighed(cm.scenario())
    && (cm.state.colour === "standing" || cm.state.filters.standing !== "");

  const fillOf = (cluster) => (cm.showsStanding() ? cm.STANDING_COLOURS[cm.standingOf(cluster)]
    : cm.colourOf(cluster));
  const isPale = (cluster, from) => (cm.showsStanding() ? cm.standingOf(cluster) === "alike"
    : cm.shadeOf(cluster) > from);

  const HOLLOW = "#5d6570";
  const NAMES_FROM = 11;
  const LARGEST = 21;
  const ROOM = 800; // pixels of map from which circles have their full size
  const SMALLEST = 2.4;
  const located = cm.model.clusters.filter((cluster) => cluster.located);
  const sizeOf = (cluster) => cluster[cm.model.measure];
  const largest = located.reduce((most, cluster) => Math.max(most, sizeOf(cluster) || 0), 1);
  // The smallest are drawn last, so that no circle hides another wholly; the best classes, which
  // are few, lie on top of the rest.
  const TOPMOST = 3;
  const layer = (cluster) =>
    (cluster.rated && cluster.scoreClass < TOPMOST ? TOPMOST - cluster.scoreClass : 0);
  const bySize = [...located].sort((a, b) =>
    layer(a) - layer(b) || (sizeOf(b) || 0) - (sizeOf(a) || 0));

  // Of a selection, those that are chosen lie on top, then those that might be.
  function inOrder() {
    if (!cm.isChoosing()) return bySize;
    const statuses = cm.statuses();
    const height = (cluster) => cm.STATUSES.length - cm.STATUSES.indexOf(statuses[cluster.place]);
    return [...located].sort((a, b) =>
      height(a) - height(b) || (sizeOf(b) || 0) - (sizeOf(a) || 0));
  }

  // Outlines are drawn once a typical one is wide enough to be seen.
  function outlinesFrom() {
    const across = located
      .filter((cluster) => cluster.rings.length)
      .map((cluster) => Math.max(cluster.box[2] - cluster.box[0], cluster.box[3] - cluster.box[1]))
      .sort((a, b) => a - b);
    if (!across.length) return Infinity;
    const typical = across[Math.floor(across.length / 2)];
    return Math.min(10, Math.max(6.5, Math.log2(8 / (256 * typical))));
  }
  cm.outlinesFrom = outlinesFrom();

  cm.radius = function (size, zoom) {
    const growth = Math.min(2.2, Math.max(0.8, 1.28 ** (zoom - cm.wholeZoom)));
    const room = Math.min(cm.map.getSize().x, cm.map.getSize().y) / ROOM;
    const wanted = LARGEST * Math.min(1, Math.max(0.5, room))
      * Math.sqrt((size || 0) / largest);
    return Math.max(SMALLEST, wanted) * growth;
  };
  cm.largestSize = largest;

  function isFaded(cluster, near) {
    return near !== null && !near.has(cluster.place);
  }

  // With a cluster selected, it and its partners stand out; else what a search has left.
  function nearSelected() {
    const selected = cm.selected();
    // Of a selection the whole picture stays.
    if (!selected || cm.isChoosing()) return cm.foundPlaces();
    const near = new Set([selected.place]);
    for (const flow of cm.flowsShown()) near.add(flow.source).add(flow.target);
    return near;
  }

  function drawCircles(context, view, near) {
    const shapes = [];
    const choosing = cm.isChoosing();
    for (const cluster of inOrder()) {
      const x = cluster.x * view.scale - view.left;
      const y = cluster.y * view.scale - view.top;
      const r = cm.radius(sizeOf(cluster), view.zoom);
      if (x < -r || y < -r || x > view.width + r || y > view.height + r) continue;
      context.globalAlpha = isFaded(cluster, near) ? 0.28 : 1;
      if (choosing) {
        cm.drawStatus(context, cm.statusOf(cluster), x, y, r, cm.equalLevel(cluster));
        cm.state.drawn.circles += 1;
        shapes.push(cluster);
        continue;
      }
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      if (cluster.rated) {
        const pale = isPale(cluster, 4);
        context.fillStyle = fillOf(cluster);
        context.globalAlpha *= 0.88;
        context.fill();
        context.strokeStyle = pale ? "#8fa6bf" : "#ffffff";
        context.lineWidth = pale ? 0.6 : 0.9;
      } else {
        context.strokeStyle = HOLLOW;
        context.lineWidth = 1.1;
        cm.state.drawn.hollow += 1;
      }
      context.stroke();
      cm.state.drawn.circles += 1;
      shapes.push(cluster);
    }
    context.globalAlpha = 1;
    return shapes;
  }

  function drawOutlines(context, view, near) {
    const shapes = [];
    const choosing = cm.isChoosing();
    for (const cluster of inOrder()) {
      const [west, north, east, south] = cluster.box;
      if (east * view.scale < view.left || west * view.scale > view.left + view.width
        || south * view.scale < view.top || north * view.scale > view.top + view.height) continue;
      context.globalAlpha = isFaded(cluster, near) ? 0.35 : 1;
      context.beginPath();
      cm.tracePath(context, cluster.rings, view);
      if (choosing) {
        cm.fillStatus(context, cm.statusOf(cluster), cm.equalLevel(cluster));
      } else if (cluster.rated) {
        context.fillStyle = fillOf(cluster);
        context.globalAlpha *= 0.82;
        context.fill("evenodd");
        context.strokeStyle = isPale(cluster, 3) ? "#4f6f93" : "#ffffff";
        context.setLineDash([]);
      } else {
        context.strokeStyle = HOLLOW;
        context.setLineDash([4, 3]);
        cm.state.drawn.hollow += 1;
      }
      if (!choosing) context.lineWidth = 1.2;
      context.stroke();
      cm.state.drawn.polygons += 1;
      shapes.push(cluster);
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
    return shapes;
  }

  function ring(context, view, cluster, width) {
    const outlined = view.zoom >= cm.outlinesFrom && cluster.rings.length;
    for (const [colour, line] of [["#ffffff", width + 3], ["#15171a", width]]) {
      context.beginPath();
      if (outlined) {
        cm.tracePath(context, cluster.rings, view);
      } else {
        const r = cm.radius(sizeOf(cluster), view.zoom) + 2;
        context.arc(cluster.x * view.scale - view.left, cluster.y * view.scale - view.top,
          r, 0, 2 * Math.PI);
      }
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.stroke();
    }
  }

  cm.drawMarks = function (context, view) {
    const selected = cm.selected();
    const hovered = cm.state.hovered === null ? null : cm.model.byId.get(cm.state.hovered);
    if (hovered && hovered.located && hovered !== selected) ring(context, view, hovered, 1.5);
    if (selected && selected.located) ring(context, view, selected, 2.5);
  };

  let visible = [];

  cm.drawClusters = function (context, view) {
    Object.assign(cm.state.drawn, { circles: 0, polygons: 0, hollow: 0 });
    const near = nearSelected();
    visible = view.zoom >= cm.outlinesFrom
      ? drawOutlines(context, view, near) : drawCircles(context, view, near);
  };

  // What a mark covers, so that names stand beside marks and not on them.
  function covered(cluster, view) {
    if (view.zoom >= cm.outlinesFrom && cluster.rings.length) {
      return [cluster.box[0] * view.scale - view.left, cluster.box[1] * view.scale - view.top,
        cluster.box[2] * view.scale - view.left, cluster.box[3] * view.scale - view.top];
    }
    const x = cluster.x * view.scale - view.left;
    const y = cluster.y * view.scale - view.top;
    const r = cm.radius(sizeOf(cluster), view.zoom) + 1;
    return [x - r, y - r, x + r, y + r];
  }

  const LARGE = 90; // pixels: on a mark as large as this a name may stand

  // Below, above, to the right, to the left.
  /** @param {number[]} box */
  function placesFor(box, half) {
    const [west, north, east, south] = box;
    const [x, y] = [(west + east) / 2, (north + south) / 2];
    return [[x, south + 11], [x, north - 11], [east + half + 3, y], [west - half - 3, y]];
  }

  // The name of the selected cluster stays inside the window.
  function within(x, half, view) {
    const margin = (view.width - cm.map.getSize().x) / 2 + 4;
    if (x < margin || x > view.width - margin) return x;
    return Math.max(margin + half, Math.min(view.width - margin - half, x));
  }

  // The best ranks are named first; a name that finds no room is left out.
  cm.drawNames = function (context, view) {
    cm.state.drawn.labels = 0;
    const selected = cm.selected();
    const near = view.zoom >= NAMES_FROM;
    const named = near ? visible.filter((cluster) => cluster !== selected) : [];
    named.sort((a, b) => (a.rank || Infinity) - (b.rank || Infinity) || a.place - b.place);
    if (selected && selected.located) named.unshift(selected);
    const boxes = new cm.Boxes();
    for (const cluster of near ? visible : []) {
      const box = covered(cluster, view);
      if (box[2] - box[0] < LARGE) boxes.block(...box);
    }
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const cluster of named) {
      context.font = `${cluster === selected ? 700 : 500} 12px ${cm.fontFamily}`;
      const text = cm.cut(cm.names(cluster)[0], 30);
      const half = context.measureText(text).width / 2 + 3;
      const spots = placesFor(covered(cluster, view), half);
      if (cluster === selected) spots[0][0] = within(spots[0][0], half, view);
      const free = spots.find(([x, y]) => boxes.take(x - half, y - 8, x + half, y + 8));
      const spot = free || (cluster === selected ? spots[0] : null);
      if (!spot) continue;
      cm.writeHalo(context, text, spot[0], spot[1], "#1d2530", "rgba(255, 255, 255, 0.92)");
      cm.state.drawn.labels += 1;
    }
  };

  function isInside(rings, x, y) {
    let inside = false;
    for (const corners of rings) {
      for (let at = 0, before = corners.length - 2; at < corners.length; before = at, at += 2) {
        const rises = corners[at + 1] > y;
        if (rises !== corners[before + 1] > y && x < corners[at]
          + ((corners[before] - corners[at]) * (y - corners[at + 1]))
          / (corners[before + 1] - corners[at + 1])) inside = !inside;
      }
    }
    return inside;
  }

  /** The cluster under a point of the visible map, the topmost first; else null. */
  cm.clusterAt = function (point) {
    const zoom = cm.map.getZoom();
    const outlined = zoom >= cm.outlinesFrom;
    const scale = 256 * 2 ** zoom;
    const corner = cm.map.getPixelBounds().min;
    const x = (point.x + corner.x) / scale;
    const y = (point.y + corner.y) / scale;
    let best = null;
    let nearest = Infinity;
    for (let at = visible.length - 1; at >= 0; at -= 1) {
      const cluster = visible[at];
      if (outlined) {
        if (x >= cluster.box[0] && x <= cluster.box[2] && y >= cluster.box[1]
          && y <= cluster.box[3] && isInside(cluster.rings, x, y)) return cluster;
      }
      const reach = outlined ? 6 : cm.radius(sizeOf(cluster), zoom);
      const apart = Math.hypot(cluster.x - x, cluster.y - y) * scale;
      if (!outlined && apart <= reach) return cluster;
      if (apart <= reach + 4 && apart - reach < nearest) {
        nearest = apart - reach;
        best = cluster;
      }
    }
    return best;
  };
});
