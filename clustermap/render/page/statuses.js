// Marks of a selection on the map: shape and shade say the same as the words of the list.
cm.run(function (cm) {
  "use strict";

  const DARK = "#163f7d";
  const PALE = "#d3dae2";
  const EDGE = "#8b97a5";
  const WARN = "#a84a00";
  const HOLLOW = "#5d6570";
  const FILLS = { core: DARK, chosen: DARK, kept: DARK, exterior: PALE, out: PALE, none: PALE };
  const SAME = { leaves: "dropped" }; // of the money now: crossed out
  const OF_SPLIT = ["whole", "half", "part"];

  function disc(context, x, y, r, fill, edge, width) {
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    context.strokeStyle = edge;
    context.lineWidth = width;
    context.stroke();
  }

  // The left half, and of an equal split the lower part, as far as the need is met.
  function partly(context, x, y, r, from, to) {
    context.beginPath();
    context.arc(x, y, r, from, to);
    context.closePath();
    context.fillStyle = DARK;
    context.fill();
  }

  function cross(context, x, y, r) {
    const arm = Math.max(2, 0.62 * r);
    context.beginPath();
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
    context.strokeStyle = WARN;
    context.lineWidth = 1.5;
    context.stroke();
  }

  // A plus: comes in.
  function plus(context, x, y, r) {
    const arm = Math.max(2, 0.6 * r);
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
    context.strokeStyle = DARK;
    context.lineWidth = 1.8;
    context.stroke();
  }

  /** A circle of the map: filled, half filled, with a point, crossed out, pale or hollow. */
  cm.drawStatus = function (context, name, x, y, r, level) {
    const status = SAME[name] || name;
    if (OF_SPLIT.includes(status)) {
      disc(context, x, y, r, "#ffffff", DARK, 1);
      // Where a chord leaves so much of the height below it.
      const rise = Math.asin(1 - 2 * Math.min(1, level === null ? 1 : level));
      partly(context, x, y, r, rise, Math.PI - rise);
    } else if (status === "unsure") {
      disc(context, x, y, r, "#ffffff", DARK, 1.4);
      partly(context, x, y, r, Math.PI / 2, (3 * Math.PI) / 2);
    } else if (status === "open") {
      disc(context, x, y, r, "#ffffff", DARK, 1.4);
      disc(context, x, y, Math.max(1.1, 0.3 * r), DARK, DARK, 0.5);
    } else if (status === "joins") {
      disc(context, x, y, r, "#ffffff", DARK, 1.4);
      plus(context, x, y, r);
    } else if (status === "dropped") {
      disc(context, x, y, r, "#ffffff", WARN, 1.2);
      cross(context, x, y, r);
    } else if (status === "barred") {
      disc(context, x, y, r, null, HOLLOW, 0.8);
    } else {
      const pale = FILLS[status] === PALE;
      disc(context, x, y, r, FILLS[status], pale ? EDGE : "#ffffff", pale ? 0.6 : 0.9);
    }
  };

  const patterns = new Map();

  // Broad stripes: chosen, but not surely.
  function striped(context) {
    if (!patterns.has("unsure")) {
      const canvas = cm.make("canvas", { width: 8, height: 8 });
      const own = canvas.getContext("2d");
      own.fillStyle = "#ffffff";
      own.fillRect(0, 0, 8, 8);
      own.fillStyle = DARK;
      own.fillRect(0, 0, 4, 8);
      patterns.set("unsure", context.createPattern(canvas, "repeat"));
    }
    return patterns.get("unsure");
  }

  /** Fill the outline that has just been traced, and set how its edge is drawn. */
  cm.fillStatus = function (context, name, level) {
    const status = SAME[name] || name;
    const hollow = status === "barred";
    context.setLineDash(hollow || status === "open" ? [4, 3] : status === "joins" ? [8, 3] : []);
    context.strokeStyle = hollow ? HOLLOW : status === "dropped" ? WARN
      : FILLS[status] === PALE ? EDGE : DARK;
    context.lineWidth = ["unsure", "open", "joins", "dropped"].includes(status) ? 2.2 : 1.2;
    if (hollow) return;
    const alpha = context.globalAlpha;
    context.globalAlpha = alpha * (OF_SPLIT.includes(status)
      ? 0.15 + 0.75 * Math.min(1, level === null ? 1 : level) : 0.85);
    context.fillStyle = status === "unsure" ? striped(context)
      : ["open", "joins", "dropped"].includes(status) ? "#ffffff" : FILLS[status] || DARK;
    context.fill("evenodd");
    context.globalAlpha = alpha;
  };
});
