// Firm density: squares under the map, shaded by the number of firms a square kilometre.
cm.run(function (cm) {
  "use strict";

  /** One quiet hue from light to dark, apart from the blue of scores and the colours of flows. */
  cm.DENSITY_COLOURS = ["#f1ebe1", "#e4d8c6", "#d3c0a8", "#bda588", "#a1866a"];

  const SHARES = [0.3, 0.6, 0.8, 0.93]; // of the squares of a layer, at which its classes end
  const STEPS = [1, 1.5, 2, 3, 5, 7, 10];
  const FINEST = 16;
  const CLIP_UNTIL = 9.5; // from far, squares at the coast would hide the sea
  const EARTH_KM = 40075.017; // around the equator
  const KEPT = 8;
  const WHOLE = 15;
  const pictures = new Map();
  // West of it the map goes on east: squares there lie once around the world.
  const seam = cm.worldX(cm.payload.seam);
  let unpacked = { industry: undefined, leaves: null };

  // Every second bit of a number below 2^32, from the lowest.
  function everySecond(number) {
    let bits = number & 0x55555555;
    bits = (bits | (bits >>> 1)) & 0x33333333;
    bits = (bits | (bits >>> 2)) & 0x0f0f0f0f;
    bits = (bits | (bits >>> 4)) & 0x00ff00ff;
    return (bits | (bits >>> 8)) & 0xffff;
  }

  /**
   * The leaves of a layer as render/density.py packs them, or null where there is no such layer:
   * columns level, x, y, quarters (15: the whole square) and firms. `industry` null: all firms.
   */
  cm.unpackDensity = function (packed, industry) {
    const layer = packed.layers.find((one) => one.industry === industry);
    if (!layer) return null;
    const leaves = { level: [], x: [], y: [], quarters: [], firms: [] };
    for (const joined of [false, true]) {
      const text = joined ? layer.joined : layer.squares;
      const numbers = cm.unpackNumbers(text);
      let level = packed.coarsest;
      for (let at = 0; at < numbers.length; level += 1) {
        let code = 0;
        for (let left = numbers[at++]; left > 0; left -= 1) {
          code += numbers[at++];
          leaves.level.push(level);
          leaves.x.push(everySecond(code));
          leaves.y.push(everySecond(Math.floor(code / 2)));
          leaves.quarters.push(joined ? numbers[at++] : WHOLE);
          leaves.firms.push(numbers[at++]);
        }
      }
    }
    return leaves;
  };

  /** Area of a square in km2: Mercator's map stretches with the latitude. */
  cm.squareKm2 = function (level, y) {
    const side = EARTH_KM / 2 ** level / Math.cosh(Math.PI * (1 - (2 * y + 1) / 2 ** level));
    return side * side;
  };

  /**
   * The squares that are drawn on a level: leaves as they are (those of some quarters in parts
   * that share their firms), finer ones summed up. Columns level, x, y, firms and km2; the last
   * two are those of the whole leaf.
   */
  cm.squaresOf = function (leaves, finest) {
    const squares = { level: [], x: [], y: [], firms: [], km2: [] };
    const sums = new Map();
    const add = (level, x, y, firms, km2) => {
      squares.level.push(level);
      squares.x.push(x);
      squares.y.push(y);
      squares.firms.push(firms);
      squares.km2.push(km2);
    };
    for (let at = 0; at < leaves.level.length; at += 1) {
      const level = leaves.level[at];
      const [x, y, firms, quarters] = [leaves.x[at], leaves.y[at], leaves.firms[at],
        leaves.quarters[at]];
      if (level >= finest) {
        const around = 2 ** (level - finest);
        const key = Math.floor(x / around) * 65536 + Math.floor(y / around);
        sums.set(key, (sums.get(key) || 0) + firms);
      } else if (quarters === WHOLE) {
        add(level, x, y, firms, cm.squareKm2(level, y));
      } else {
        const parts = [0, 1, 2, 3].filter((part) => quarters & (1 << part));
        const km2 = parts.length * (cm.squareKm2(level, y) / 4);
        for (const part of parts) add(level + 1, 2 * x + (part & 1), 2 * y + (part >> 1), firms, km2);
      }
    }
    for (const [key, firms] of sums) {
      const y = key % 65536;
      add(finest, Math.floor(key / 65536), y, firms, cm.squareKm2(finest, y));
    }
    return squares;
  };

  // The nearest number that a reader takes in at a glance.
  function plain(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    const apart = (step) => Math.abs(Math.log((step * power) / value));
    const lead = STEPS.reduce((best, step) => (apart(step) < apart(best) ? step : best));
    return Number((lead * power).toPrecision(2));
  }

  /** Firms a km2 at which the classes of squares end: plain numbers, rising, four at most. */
  cm.densityBreaks = function (squares) {
    const shares = Float64Array.from(squares.firms, (firms, at) => firms / squares.km2[at]).sort();
    if (!shares.length) return [];
    const breaks = SHARES.map((share) => plain(shares[Math.floor(share * (shares.length - 1))]));
    return breaks.filter((limit, at) => breaks.indexOf(limit) === at);
  };

  const levelAt = (zoom) => Math.max(0, Math.min(FINEST, Math.round(zoom) + 4));

  function leavesNow(industry) {
    if (industry !== unpacked.industry) {
      const { density } = cm.payload;
      unpacked = { industry, leaves: density ? cm.unpackDensity(density, industry) : null };
    }
    return unpacked.leaves;
  }

  // Squares in the order of their classes, kept for the layers and levels looked at last.
  function pictureAt(zoom) {
    const industry = cm.state.industry || null;
    const key = `${levelAt(zoom)} ${industry === null ? "" : `of ${industry}`}`;
    if (pictures.has(key)) return pictures.get(key);
    if (pictures.size >= KEPT) pictures.delete(pictures.keys().next().value);
    const leaves = leavesNow(industry);
    const squares = leaves ? cm.squaresOf(leaves, levelAt(zoom)) : null;
    const breaks = squares ? cm.densityBreaks(squares) : [];
    const classes = cm.DENSITY_COLOURS.slice(0, breaks.length + 1).map(() => []);
    for (let at = 0; squares && at < squares.firms.length; at += 1) {
      const share = squares.firms[at] / squares.km2[at];
      let shade = breaks.length;
      while (shade > 0 && share < breaks[shade - 1]) shade -= 1;
      classes[shade].push(at);
    }
    const picture = { squares, breaks, classes };
    pictures.set(key, picture);
    return picture;
  }

  /** Colours and the firms a km2 between them, for the legend; no colours where nothing is known. */
  cm.densityClasses = function () {
    const { squares, breaks, classes } = pictureAt(cm.map.getZoom());
    return { colours: squares ? cm.DENSITY_COLOURS.slice(0, classes.length) : [], breaks };
  };

  function paint(context, view) {
    cm.state.drawn.squares = 0;
    if (!cm.state.shown.density) return;
    const { squares, classes } = pictureAt(view.zoom);
    if (!squares) return;
    // Edges lie on whole dots of the screen, so that no gap is seen between squares.
    const dots = context.getTransform().a || 1;
    const snap = (pixels) => Math.round(pixels * dots) / dots;
    context.save();
    if (view.zoom < CLIP_UNTIL) {
      context.beginPath();
      for (const rings of cm.model.coast) cm.tracePath(context, rings, view);
      context.clip("evenodd");
    }
    context.globalCompositeOperation = "multiply"; // where several layers are painted on one paper
    classes.forEach((places, shade) => {
      context.fillStyle = cm.DENSITY_COLOURS[shade];
      for (const at of places) {
        const wide = 2 ** squares.level[at];
        const side = view.scale / wide;
        const left = (squares.x[at] + (squares.x[at] < seam * wide ? wide : 0)) * side - view.left;
        const top = squares.y[at] * side - view.top;
        if (left > view.width || top > view.height || left + side < 0 || top + side < 0) continue;
        const [x, y] = [snap(left), snap(top)];
        context.fillRect(x, y, snap(left + side) - x, snap(top + side) - y);
        cm.state.drawn.squares += 1;
      }
    });
    context.restore();
  }

  /**
   * Firms and km2 of the square under a point of the visible map, joined squares together; null
   * where no number may be told, or the squares are not shown.
   */
  cm.densityAt = function (point) {
    if (!cm.state.shown.density) return null;
    const zoom = cm.map.getZoom();
    const { squares } = pictureAt(zoom);
    if (!squares) return null;
    const corner = cm.map.getPixelBounds().min;
    const x = (point.x + corner.x) / (256 * 2 ** zoom);
    const y = (point.y + corner.y) / (256 * 2 ** zoom);
    for (let at = 0; at < squares.level.length; at += 1) {
      const wide = 2 ** squares.level[at];
      if (squares.x[at] === Math.floor(x * wide) % wide && squares.y[at] === Math.floor(y * wide)) {
        return { firms: squares.firms[at], km2: squares.km2[at] };
      }
    }
    return null;
  };

  /** Whether the page knows where the firms of an industry are; "" for all firms. */
  cm.hasDensity = (industry) => Boolean(cm.payload.density
    && cm.payload.density.layers.some((one) => (one.industry || "") === industry));

  if (cm.payload.density) {
    const squares = new cm.Canvas(paint, { pane: "tilePane" });
    // Borders and the mark of synthetic data below stay as dark as they are.
    squares.on("add", () => {
      squares._container.style.mixBlendMode = "multiply";
    });
    cm.underlays.push(squares);
  }
});
