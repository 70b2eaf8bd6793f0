// The legend: says what is drawn now, and switches it on and off.
cm.run(function (cm) {
  "use strict";

  const NUMBER_STEPS = [1, 2, 5];

  function toggle(id, checked, text, change) {
    const box = cm.make("input", { type: "checkbox", id });
    box.checked = checked;
    box.addEventListener("change", () => {
      change(box.checked);
      cm.tell("shown");
      cm.byId(id).focus();
    });
    return [box, cm.make("label", { for: id, text })];
  }

  const line = (className, ...children) => cm.make("div", { class: className }, ...children);
  const { quiet } = cm;

  // The best of two or three is more than a quarter of them.
  function classText(share, place) {
    if (share === undefined) return cm.say("page.legend.rest");
    return place === 0 && 100 / cm.state.counts.rated > share ? cm.say("page.legend.first")
      : cm.say("page.legend.top", { share });
  }

  // Rank by its class, or where a cluster stands to typical.
  function colourRow() {
    if (cm.isChoosing() || !cm.isWeighed(cm.scenario()) || !cm.state.counts.rated) return [];
    const select = cm.make("select", { id: "colour" });
    for (const key of ["rank", "standing"]) {
      select.append(cm.make("option", { value: key, text: cm.say(`page.legend.by_${key}`) }));
    }
    select.value = cm.showsStanding() ? "standing" : "rank";
    select.addEventListener("change", () => {
      cm.state.colour = select.value;
      cm.tell("shown");
      cm.byId("colour").focus();
    });
    return [line("row", cm.make("label", { for: "colour", text: cm.say("page.legend.colour") }),
      select)];
  }

  function standingRow() {
    const ramp = line("ramp single");
    for (const key of cm.standings) {
      const swatch = cm.make("i", { "aria-hidden": "true" });
      swatch.style.backgroundColor = cm.STANDING_COLOURS[key];
      ramp.append(cm.make("span", {}, swatch,
        cm.make("span", { text: cm.say(`page.answer.${key}`) })));
    }
    return ramp;
  }

  function statusRow() {
    const ramp = line("ramp single");
    for (const { key, text } of cm.choicesOf("choice")) {
      ramp.append(cm.make("span", { title: cm.say(`page.choice.note.${key}`) },
        cm.statusMark(key), cm.make("span", { text })));
    }
    return ramp;
  }

  function rampRow() {
    if (cm.isChoosing()) return statusRow();
    if (cm.showsStanding()) return standingRow();
    const ramp = line("ramp");
    const { shares, shades } = cm.classes;
    const present = new Set(cm.model.rated.map((cluster) => cluster.scoreClass));
    shades.forEach((shade, place) => {
      if (!present.has(place)) return;
      const swatch = cm.make("i", { "aria-hidden": "true" });
      swatch.style.backgroundColor = cm.RAMP[shade];
      ramp.append(cm.make("span", {}, swatch,
        cm.make("span", { text: classText(shares[place], place) })));
    });
    if (cm.state.counts.unrated) {
      ramp.append(cm.make("span", {}, cm.make("i", { class: "hollow", "aria-hidden": "true" }),
        cm.make("span", { text: cm.say("page.legend.unrated") })));
    }
    return ramp;
  }

  function roundDown(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
    const step = NUMBER_STEPS.filter((number) => number * power <= value).pop() || 1;
    return step * power;
  }

  function sizeRow() {
    const zoom = cm.map.getZoom();
    const sizes = [...new Set([1, 0.2, 0.02].map((part) => roundDown(part * cm.largestSize)))];
    const row = line("sizes");
    for (const size of sizes) {
      const dot = cm.make("i", { "aria-hidden": "true" });
      const across = Math.min(64, 2 * cm.radius(size, zoom));
      dot.style.width = dot.style.height = `${across}px`;
      row.append(cm.make("span", {}, dot, cm.make("span", { text: cm.number(size, 0) })));
    }
    return row;
  }

  function clusterPart() {
    const part = line("part", cm.make("h3", { text: cm.say("page.legend.clusters") }),
      ...(cm.isChoosing() ? [quiet(cm.say("page.choice.legend", { what: cm.questionName() }))]
        : colourRow()), rampRow());
    if (cm.map.getZoom() < cm.outlinesFrom) {
      part.append(quiet(`${cm.say(`page.legend.size_${cm.model.measure}`)} · ${
        cm.say("page.legend.size_unknown")}`), sizeRow());
    }
    return part;
  }

  function periodRow() {
    const { periods } = cm.model;
    if (periods.length < 2) return [];
    const select = cm.make("select", { id: "period" });
    select.append(cm.make("option", { value: "", text: cm.say("page.legend.all_years") }));
    periods.forEach(([first, last], at) => select.append(cm.make("option", { value: at,
      text: first === last ? String(first) : `${first}–${last}` })));
    select.value = cm.state.period === null ? "" : String(cm.state.period);
    select.addEventListener("change", () => {
      cm.usePeriod(select.value === "" ? null : Number(select.value));
      cm.byId("period").focus();
    });
    return [line("row", cm.make("label", { for: "period", text: cm.say("page.legend.period") }),
      select), ...(cm.state.period === null ? [] : [quiet(cm.say("page.legend.period_note"))])];
  }

  function flowPart() {
    const part = line("part", cm.make("h3", { text: cm.say("page.legend.flows") }));
    const present = new Set(cm.model.pairs.map((pair) => pair.kind));
    const kinds = line("kinds");
    cm.payload.kinds.forEach((kind, place) => {
      if (!present.has(place)) return;
      const stroke = cm.make("i", { "aria-hidden": "true", class: "stroke" });
      stroke.style.backgroundColor = cm.flowColour(place);
      const [box, label] = toggle(`show-${kind}`, cm.state.shown.flows[place],
        cm.label(`kind.${kind}`), (on) => { cm.state.shown.flows[place] = on; });
      kinds.append(cm.make("div", {}, box, stroke, label));
    });
    const flows = cm.flowsShown();
    const key = cm.selected() ? "page.legend.flows_cluster" : "page.legend.flows_nation";
    const typical = cm.drawsExcess();
    const width = typical ? "page.legend.flows_excess" : "page.legend.flows_width";
    part.append(kinds, ...periodRow(), quiet(flows.length
      ? `${cm.say(key, { count: flows.length })} · ${
        cm.say(width, { links: cm.number(typical ? cm.excessOf(flows[0]) || 0
          : cm.linksOf(flows[0]), 0) })}`
      : cm.say("page.legend.flows_none")));
    if (typical && flows.some((pair) => cm.excessOf(pair) === 0)) {
      part.append(quiet(cm.say("page.legend.flows_broken")));
    }
    return part;
  }

  const swatches = new Map(); // drawn once: canvases cost more than the rest of the legend

  function swatchOf(type) {
    if (!swatches.has(type)) {
      const canvas = cm.make("canvas", { width: 28, height: 28, "aria-hidden": "true" });
      const context = canvas.getContext("2d");
      context.scale(2, 2);
      cm.drawMark(context, type, 7, 7, 3.6);
      swatches.set(type, canvas);
    }
    return swatches.get(type);
  }

  function institutePart() {
    const count = cm.number(cm.model.institutes.length, 0);
    const [box, label] = toggle("show-institutes", cm.state.shown.institutes,
      cm.say("page.legend.institutes", { count }), (on) => { cm.state.shown.institutes = on; });
    const part = line("part", cm.make("h3", { class: "switch" }, box, label));
    if (!cm.state.shown.institutes) return part;
    const marks = line("marks");
    const present = new Set(cm.model.institutes.map((institute) => institute.type));
    cm.payload.types.forEach((type, place) => {
      if (!present.has(place)) return;
      marks.append(cm.make("span", {}, swatchOf(type),
        cm.make("span", { text: cm.label(`type.${type}`) })));
    });
    part.append(marks);
    if (!cm.institutesMarked()) part.append(quiet(cm.say("page.legend.institutes_far")));
    const unplaced = cm.payload.institutes.unplaced;
    if (unplaced) {
      part.append(quiet(cm.say("page.legend.institutes_unplaced", { count: unplaced })));
    }
    return part;
  }

  function missingPart(count) {
    const [box, label] = toggle("show-missing", cm.state.shown.missing,
      cm.say("page.missing.legend", { count }), (on) => { cm.state.shown.missing = on; });
    return line("part", cm.make("h3", { class: "switch" }, box, cm.missingSample(), label),
      quiet(cm.say("page.missing.legend_note")));
  }

  function firmPart() {
    const count = cm.number(cm.state.counts.firms, 0);
    const [box, label] = toggle("show-firms", cm.state.shown.firms,
      cm.say("page.legend.firms", { count }), (on) => { cm.state.shown.firms = on; });
    return line("part", cm.make("h3", { class: "switch" }, box, label),
      cm.state.shown.firms ? quiet(cm.say("page.legend.firms_point")) : null);
  }

  // Limits of classes may be hundredths.
  const plain = (value) => (value === undefined ? "0"
    : cm.number(value, value < 0.1 ? 3 : value < 1 ? 2 : value < 10 && value % 1 ? 1 : 0));

  function densityPart() {
    const { density, about } = cm.payload;
    const say = (key, values) => cm.say(`page.legend.density${key}`, values);
    const [box, label] = toggle("show-density", cm.state.shown.density, say(""),
      (on) => { cm.state.shown.density = on; });
    const part = line("part", cm.make("h3", { class: "switch" }, box, label));
    if (!cm.state.shown.density) return part;
    const named = density.layers.filter((one) => one.industry !== null);
    if (named.length) {
      const select = cm.make("select", { id: "density-industry", "aria-label": say("_industry") });
      select.append(cm.make("option", { value: "", text: say("_all") }));
      for (const { industry } of named) {
        select.append(cm.make("option", { value: industry, text: cm.industryName(industry) }));
      }
      select.value = cm.state.industry;
      select.addEventListener("change", () => {
        cm.useIndustry(select.value);
        cm.byId("density-industry").focus();
      });
      part.append(line("row", select));
    }
    const { colours, breaks } = cm.densityClasses();
    const ramp = line("density-ramp");
    colours.forEach((colour, at) => {
      const swatch = cm.make("i", { "aria-hidden": "true" });
      swatch.style.backgroundColor = colour;
      const [from, to] = [breaks[at - 1], breaks[at]];
      const text = to === undefined ? `${plain(from)}–` : from === undefined ? `–${plain(to)}`
        : `${plain(from)}–${plain(to)}`;
      ramp.append(cm.make("span", {}, swatch, text));
    });
    const note = about.internal ? say("_note_internal")
      : say("_note", { min: about.withholding.min });
    part.append(colours.length ? ramp : quiet(say("_none")),
      cm.make("p", { class: "quiet", text: say("_unit"),
        title: `${note} ${say("_several")}` }));
    if (density.unplaced) {
      part.append(quiet(say("_unplaced", { count: cm.number(density.unplaced, 0) })));
    }
    return part;
  }

  // What the legend says of scores: which classes there are, and of what.
  const scoresTold = () => [cm.language, cm.state.scenario, cm.state.counts.rated,
    cm.state.question, cm.state.portfolio,
    ...cm.choicesOf("choice").map(({ key }) => key), cm.showsStanding(), ...new Set(cm.model.rated.map((cluster) => cluster.scoreClass))].join();

  let told = "";

  /** Draw the legend anew where other scores change what it says: steps of a slider seldom do. */
  cm.legendOfScores = function () {
    if (scoresTold() !== told) cm.drawLegend();
  };

  cm.drawLegend = function () {
    told = scoresTold();
    const parts = [clusterPart()];
    if (cm.model.flows.length && !cm.hidesFlows()) parts.push(flowPart());
    const missing = cm.missingDrawable().length;
    if (missing) parts.push(missingPart(missing));
    if (cm.model.institutes.length) parts.push(institutePart());
    if (cm.payload.density) parts.push(densityPart());
    if (cm.model.firms) parts.push(firmPart());
    cm.byId("legend-body").replaceChildren(...parts);
  };
});
