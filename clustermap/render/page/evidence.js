// What stands behind the score of the selected cluster: parts, axes, links against what is typical,
// who brokers, and what may mislead.
(function (cm) {
  "use strict";

  const TYPICAL = 50.5;
  const { heading, quiet, part, table } = cm;
  const decode = (coded, at) => coded.texts[coded.codes[at]];

  const columnOf = (key) => cm.payload.subscores.find((column) => column.subscore === key);

  const TYPICAL_MARK = { class: "typical", at: TYPICAL };

  /** The mark of what is typical on the scale of the score; stars and the like, which are not made
   * of the parts, know no typical cluster. */
  cm.typicalOfScore = () => (cm.payload.subscores.some((column) => column.weight.some(Boolean))
    ? [TYPICAL_MARK] : []);

  /** Marks of a scale from 0 to 100: the 90 % interval, the value, and what is typical. */
  function marksOf(value, low, high, typical) {
    const marks = low === null || high === null ? []
      : [{ class: "range", at: low, width: Math.max(0.5, high - low) }];
    marks.push(...typical);
    if (value !== null) marks.push({ class: "dot", at: value });
    return marks;
  }

  function partRow(column, place) {
    const value = column.value[place];
    const [low, high] = [column.low[place], column.high[place]];
    const decided = Boolean(column.decided[place]);
    const meaning = `subscore.${column.subscore}.meaning`;
    const small = [decided ? "" : cm.say("page.card.part_open")];
    if (column.weight[place]) {
      small.push(cm.say("page.card.weight", { weight: cm.number(100 * column.weight[place], 0) }));
    }
    if (column.contribution[place] !== null) {
      small.push(cm.say("page.card.contribution",
        { value: cm.number(column.contribution[place], 2) }));
    }
    const reason = decided ? "" : decode(column.reason, place);
    if (reason) small.push(cm.label(`reason.${reason}`, reason));
    return cm.make("li", { class: decided ? null : "open",
      title: cm.knows(meaning) ? cm.say(meaning) : null },
    cm.make("span", { class: "part-name",
      text: cm.label(`subscore.${column.subscore}.label`, `subscore.${column.subscore}`) }),
    cm.make("span", { class: "part-value" },
      cm.make("b", { text: value === null ? "–" : cm.number(value, 1) }),
      cm.make("small", { text: cm.interval(low, high, 0) })),
    cm.bar("level", marksOf(value, low, high, [TYPICAL_MARK])),
    cm.make("small", { text: small.filter(Boolean).join(" · ") }));
  }

  /** The parts of the score, each beside what is typical; grey where the data do not decide. */
  cm.scoreParts = function (cluster) {
    const own = cm.payload.subscores.filter((column) => column.value[cluster.place] !== null
      || (cluster.rated && column.decided[cluster.place] !== null));
    if (!own.length) return null;
    return part(heading(cm.say("page.card.parts")), quiet(cm.say("page.card.parts_note")),
      cm.make("ul", { class: "levels", id: "parts" },
        ...own.map((one) => partRow(one, cluster.place))),
      quiet(cm.say("page.card.contribution_note")));
  };

  function axis(name, note, value, marks) {
    return cm.make("li", { class: value === null ? "open" : null },
      cm.make("span", { class: "part-name", text: name }),
      cm.make("span", { class: "part-value" },
        cm.make("b", { text: value === null ? cm.say("page.card.part_open")
          : cm.number(value, 0) })),
      cm.bar("level", marks), cm.make("small", { text: note }));
  }

  /** Capability, linkage score and gap: three things that are never added up. */
  cm.axes = function (cluster) {
    const say = (key) => cm.say(`page.card.${key}`);
    const typical = cm.typicalOfScore();
    const fill = (value) => (value === null ? [] : [{ class: "fill", at: 0, width: value }]);
    const sure = cluster.confidence ? cm.say("page.card.confidence",
      { word: cm.say(`confidence.${cluster.confidence}`) }) : "";
    // A gap drawn from hardly any links lies near nought: that would read as if nothing lacked.
    const gap = cluster.rated ? cluster.gap : null;
    return part(heading(say("axes")), cm.make("ul", { class: "levels", id: "axes" },
      axis(say("axis_capability"), say("axis_capability_note"), cluster.capability,
        fill(cluster.capability)),
      axis(say(typical.length ? "axis_score" : "score"), [typical.length ? say("axis_score_note") : "", sure].filter(Boolean).join(" · "),
        cluster.score, marksOf(cluster.score, cluster.low, cluster.high, typical)),
      axis(say("axis_gap"), say("axis_gap_note"), gap, fill(gap))));
  };

  function reachName(reach) {
    const radius = /^([\d.]+) km$/.exec(reach);
    return radius ? cm.say("reach.radius", { km: radius[1] }) : cm.label(`reach.${reach}`);
  }

  function countCell(value) {
    const cell = cm.make("td", { class: "number" });
    cell.textContent = value === null ? cm.say("page.withheld_short")
      : cm.number(value, value < 10 ? undefined : 0);
    if (value === null) cell.classList.add("withheld");
    return cell;
  }

  function ratioRow(reach, columns, subscore, place) {
    const column = columnOf(subscore);
    const decided = column && column.decided[place];
    const ratio = columns.ratio[place];
    const times = (value) => cm.number(value, value < 10 ? 2 : 0);
    return cm.make("tr", { class: decided ? null : "open",
      title: decided ? null : cm.say("page.card.part_open") },
    cm.make("th", { scope: "row", text: reach }), countCell(columns.observed[place]),
    countCell(columns.expected[place]), cm.make("td", { class: "number" },
      cm.make("b", { text: cm.say("page.card.ratio_value", { value: times(ratio) }) }),
      cm.make("small", { text: `${times(columns.low[place])}–${times(columns.high[place])}` })));
  }

  /** Observed and typical links at the local reach that decides, and beyond. */
  cm.ratioPart = function (cluster) {
    const { reach, local, beyond } = cm.payload.ratios;
    const rows = [];
    if (local.ratio[cluster.place] !== null) {
      rows.push(ratioRow(reachName(decode(reach, cluster.place)), local, "embeddedness",
        cluster.place));
    }
    if (beyond.ratio[cluster.place] !== null) {
      rows.push(ratioRow(reachName("beyond"), beyond, "openness", cluster.place));
    }
    if (!rows.length) return null;
    const heads = ["reach", "observed", "expected", "ratio"];
    return part(heading(cm.say("page.card.ratios")),
      table(heads.map((key) => cm.say(`page.card.${key}`)), rows, "ratios"),
      quiet(cm.say("page.card.ratios_note")));
  };

  /** Who joins inside and outside: type, name as far as it may be told, role. */
  cm.brokerPart = function (cluster) {
    const { brokers } = cm.payload;
    const own = brokers.cluster.map((place, at) => (place === cluster.place ? at : -1))
      .filter((at) => at >= 0);
    if (!own.length) return null;
    const items = own.map((at) => cm.make("li", {},
      cm.make("span", { class: "user", text: [cm.label(`type.${decode(brokers.type, at)}`),
        decode(brokers.name, at)].filter(Boolean).join(" · ") }),
      cm.make("small", { text: cm.label(`role.${decode(brokers.role, at)}`) })));
    return part(heading(cm.say("page.card.brokers")),
      cm.make("ol", { class: "plain", id: "brokers" }, ...items),
      quiet(cm.say(cm.payload.about.internal ? "page.card.brokers_note_internal"
        : "page.card.brokers_note")));
  };

  /** What may mislead about the links. */
  cm.flagPart = function (cluster) {
    const { flags } = cm.payload;
    const own = flags.cluster.map((place, at) => (place === cluster.place
      ? decode(flags.flag, at) : null)).filter(Boolean);
    // Inside one group says more than inside groups.
    const told = own.filter((flag) => flag !== "groups" || !own.includes("one_group"));
    if (!told.length) return null;
    return part(cm.make("div", { class: "notice", id: "flags" },
      cm.make("b", { text: cm.say("page.card.flags") }),
      cm.make("ul", {}, ...told.map((flag) =>
        cm.make("li", { text: cm.label(`flag.${flag}`) })))));
  };
})(window.cm);
