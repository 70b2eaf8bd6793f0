// What stands behind the score of the selected cluster: parts, axes, links against what is typical,
// who brokers, and what may mislead.
cm.run(function (cm) {
  "use strict";

  const TYPICAL = cm.payload.rules.typical;
  const { heading, quiet, part, table } = cm;
  const { decode } = cm;

  // Parts of the scenario that is shown; stars and the like show those of the project's own.
  const partsShown = () => (cm.isWeighed(cm.scenario()) ? cm.scenario()
    : cm.payload.scenarios[0]).subscores;
  const columnOf = (key) => partsShown().find((column) => column.subscore === key);

  const TYPICAL_MARK = { class: "typical", at: TYPICAL };

  /** The mark of what is typical on the scale of the score; stars and the like, which are not made
   * of the parts, know no typical cluster. */
  cm.typicalOfScore = () => (cm.isWeighed(cm.scenario()) ? [TYPICAL_MARK] : []);

  /** Marks of a scale from 0 to 100: the 90 % interval, the value, and what is typical. */
  function marksOf(value, low, high, typical) {
    /** @type {BarMark[]} */
    const marks = low === null || high === null ? []
      : [{ class: "range", at: low, width: Math.max(0.5, high - low) }];
    marks.push(...typical);
    if (value !== null) marks.push({ class: "dot", at: value });
    return marks;
  }

  // With the reader's weights those of the parts that are decided.
  function weightOf(column, place) {
    if (cm.state.weights === null) return column.weight[place];
    const decided = partsShown().map((one) => one.decided[place] && one.value[place] !== null);
    const whole = cm.state.weights.reduce((sum, one, at) => sum + (decided[at] ? one : 0), 0);
    const at = partsShown().indexOf(column);
    return whole && decided[at] ? cm.state.weights[at] / whole : 0;
  }

  const partName = (column) =>
    cm.label(`subscore.${column.subscore}.label`, `subscore.${column.subscore}`);

  function partRow(column, place) {
    const value = column.value[place];
    const [low, high] = [column.low[place], column.high[place]];
    const decided = Boolean(column.decided[place]);
    const meaning = `subscore.${column.subscore}.meaning`;
    const weight = weightOf(column, place);
    const small = [decided ? "" : cm.say("page.card.part_open")];
    if (weight) {
      small.push(cm.say("page.card.weight", { weight: cm.number(100 * weight, 0) }),
        cm.say("page.card.contribution", { value: cm.number(weight * Math.log(value), 2) }));
    }
    const reason = decided ? "" : decode(column.reason, place);
    if (reason) small.push(cm.label(`reason.${reason.replace(/^reason\./, "")}`, reason));
    return cm.make("li", { class: decided ? null : "open",
      title: cm.knows(meaning) ? cm.say(meaning) : null },
    cm.make("span", { class: "part-name", text: partName(column) }),
    cm.make("span", { class: "part-value" },
      cm.make("b", { text: value === null ? "–" : cm.number(value, 1) }),
      cm.make("small", { text: cm.interval(low, high, 0) })),
    cm.bar("level", marksOf(value, low, high, [TYPICAL_MARK])),
    cm.make("small", { text: small.filter(Boolean).join(" · ") }));
  }

  /** The parts of the score, each beside what is typical; grey where the data do not decide. */
  cm.scoreParts = function (cluster) {
    const own = partsShown().filter((column) => column.value[cluster.place] !== null
      || (cluster.rated && column.decided[cluster.place] !== null));
    if (!own.length) return null;
    return cm.make("div", {}, quiet(cm.say("page.card.parts_note")),
      cm.make("ul", { class: "levels", id: "parts" },
        ...own.map((one) => partRow(one, cluster.place))),
      quiet(cm.say("page.card.contribution_note")));
  };

  function axis(name, note, value, marks, decimals = 0) {
    return cm.make("li", { class: value === null ? "open" : null },
      cm.make("span", { class: "part-name", text: name }),
      cm.make("span", { class: "part-value" },
        cm.make("b", { text: value === null ? cm.say("page.card.part_open")
          : cm.number(value, decimals) })),
      cm.bar("level", marks), cm.make("small", { text: note }));
  }

  /** Capability, linkage score and gap: three things that are never added up. */
  cm.axes = function (cluster) {
    const say = (key) => cm.say(`page.card.${key}`);
    const typical = cm.typicalOfScore();
    const fill = (value) => (value === null ? [] : [{ class: "fill", at: 0, width: value }]);
    const score = cluster.low === null ? "" : cm.say("page.card.score_interval",
      { low: cm.number(cluster.low, 0), high: cm.number(cluster.high, 0) });
    // A gap drawn from hardly any links lies near nought: that would read as if nothing lacked.
    const gap = cluster.rated ? cluster.gap : null;
    const note = [score, typical.length ? say("axis_score_note") : ""].filter(Boolean);
    return cm.make("ul", { class: "levels", id: "axes", "aria-label": say("axes") },
      axis(say(typical.length ? "axis_score" : "score"), note.join(" · "), cluster.score,
        marksOf(cluster.score, cluster.low, cluster.high, typical), 1),
      axis(say("axis_capability"), say("axis_capability_note"), cluster.capability,
        fill(cluster.capability)),
      axis(say("axis_gap"), say("axis_gap_note"), gap, fill(gap)));
  };

  function reachName(reach) {
    const radius = /^([\d.]+) km$/.exec(reach);
    return radius ? cm.say("reach.radius", { km: radius[1] }) : cm.label(`reach.${reach}`);
  }

  /** What lies beyond the widest local reach, by name. */
  function farName() {
    const radius = /^([\d.]+) km$/.exec(cm.payload.widest);
    return radius ? cm.say("reach.beyond_radius", { km: radius[1] }) : reachName("beyond");
  }

  function countCell(value) {
    const cell = cm.make("td", { class: "number" });
    cell.textContent = value === null ? cm.say("page.withheld_short")
      : cm.number(value, value < 10 ? undefined : 0);
    if (value === null) cell.classList.add("withheld");
    return cell;
  }

  const times = (value) => cm.number(value, value < 10 ? 2 : 0);

  // Of a single kind only the numbers are told: what is believed of its ratio leans on all kinds.
  function ratioCells(columns, place, alone) {
    const ratio = columns.ratio[place];
    const none = () => cm.make("td", { class: "number missing", text: "–" });
    if (ratio === null) return [none(), none()];
    const open = columns.decided[place] ? "" : " open";
    const counts = countCell(columns.observed[place]);
    if (columns.observed[place] !== null) {
      counts.append(cm.make("small", { text: `/ ${countText(columns.expected[place])}` }));
    }
    if (alone) return [counts, cm.make("td")];
    return [counts, cm.make("td", { class: `number${open}`,
      title: open ? cm.say("page.card.part_open") : null },
    cm.make("b", { text: cm.say("page.card.ratio_value", { value: times(ratio) }) }),
    cm.make("small", { text: `${times(columns.low[place])}–${times(columns.high[place])}` }))];
  }

  const countText = (value) => (value === null ? cm.say("page.withheld_short")
    : cm.number(value, value < 10 ? 1 : 0));

  /** Observed and typical links of each kind, at the local reach that decides and beyond. */
  cm.ratioPart = function (cluster) {
    const { place } = cluster;
    const own = cm.payload.ratios.filter((one) => one.local.ratio[place] !== null
      || one.beyond.ratio[place] !== null);
    if (!own.length) return null;
    const rows = own.map((one) => {
      const head = cm.make("th", { scope: "row" });
      if (one.kind) {
        const dot = cm.make("i", { class: "kind-dot", "aria-hidden": "true" });
        dot.style.backgroundColor = cm.FLOW_COLOURS[one.kind];
        head.append(dot);
      }
      head.append(one.kind ? cm.label(`kind.${one.kind}`) : cm.say("page.card.all_kinds"));
      return cm.make("tr", { class: one.kind ? null : "total" }, head,
        ...ratioCells(one.local, place, one.kind !== ""),
        ...ratioCells(one.beyond, place, one.kind !== ""));
    });
    const reach = decode(cm.payload.reach, place);
    const near = reach ? reachName(reach) : cm.say("page.card.nearby");
    const heads = [cm.say("page.card.kind"), near, cm.say("page.card.ratio"), farName(),
      cm.say("page.card.ratio")];
    const { widest } = cm.payload;
    return cm.make("div", {}, quiet(cm.say("page.card.ratios_note")),
      table(heads, rows, "links ratios"), reach && reach !== widest
        ? quiet(cm.say("page.card.ratios_between", { near, widest: reachName(widest) })) : null);
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
    return cm.make("div", {},
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

  function ratioReason(cluster, columns, where) {
    const { place } = cluster;
    const [ratio, low, high] = [columns.ratio[place], columns.low[place], columns.high[place]];
    const values = { where, ratio: times(ratio), low: times(low), high: times(high) };
    const word = low > 1 ? "more" : high < 1 ? "fewer" : "typical";
    return { strength: Math.abs(Math.log(ratio)), text: cm.say(`page.reasons.${word}`, values),
      sign: word };
  }

  // The part that lies farthest from what is typical, of those that are no matter of distance.
  function partReason(cluster) {
    const { place } = cluster;
    const told = partsShown().filter((column) => column.decided[place]
      && !["embeddedness", "openness"].includes(column.subscore)
      && column.low[place] !== null
      && (column.low[place] > TYPICAL || column.high[place] < TYPICAL));
    told.sort((a, b) => Math.abs(b.value[place] - TYPICAL) - Math.abs(a.value[place] - TYPICAL));
    if (!told.length) return null;
    const [column] = told;
    const sign = column.value[place] > TYPICAL ? "more" : "fewer";
    return { sign, text: cm.say(`page.reasons.part_${sign}`, { part: partName(column),
      value: cm.number(column.value[place], 0) }) };
  }

  function openReason(cluster) {
    const { place } = cluster;
    const open = partsShown().filter((column) => !column.decided[place]).length;
    return open ? { sign: "open", text: cm.say("page.reasons.open",
      { open: cm.number(open, 0), parts: cm.number(partsShown().length, 0) }) }
      : { sign: "typical", text: cm.say("page.reasons.all_decided") };
  }

  /** Three short reasons for a score: links nearby, links farther away, what stands out. */
  cm.threeReasons = function (cluster) {
    const { place } = cluster;
    const all = cm.payload.ratios.find((one) => one.kind === "");
    const found = [];
    if (all && all.local.ratio[place] !== null && all.local.decided[place]) {
      found.push(ratioReason(cluster, all.local, reachName(decode(cm.payload.reach, place))));
    }
    if (all && all.beyond.ratio[place] !== null && all.beyond.decided[place]) {
      found.push(ratioReason(cluster, all.beyond, farName()));
    }
    const activity = cm.payload.activity[place];
    const last = partReason(cluster) || openReason(cluster);
    found.push(activity ? { sign: "typical", text: cm.sentence(activity) } : last);
    return found.slice(0, 3).map(({ sign, text }) => cm.make("li", { class: `is-${sign}`, text }));
  };

  /** What the data do not decide of a cluster: a hint and the list. */
  cm.openPart = function (cluster) {
    const { place } = cluster;
    const open = partsShown().filter((column) => !column.decided[place]
      && column.decided[place] !== null);
    const absent = cm.payload.kinds.filter((kind) => kind !== "other"
      && !cm.payload.coverage.links[cm.payload.coverage.kind.indexOf(kind)]);
    const items = open.map((column) => {
      const reason = decode(column.reason, place);
      return cm.make("li", {}, cm.make("b", { text: partName(column) }), " ",
        cm.make("span", { text: reason
          ? cm.label(`reason.${reason.replace(/^reason\./, "")}`, reason) : "" }));
    });
    if (absent.length) {
      items.push(cm.make("li", { text: cm.say("page.card.absent", { kinds:
        absent.map((kind) => cm.label(`kind.${kind}`)).join(", ") }) }));
    }
    if (!items.length) return ["", cm.make("p", { text: cm.say("page.card.nothing_open") })];
    return [cm.number(items.length, 0), cm.make("ul", { class: "reasons", id: "open" }, ...items)];
  };

  /** Rank of a cluster under every profile. */
  cm.otherRanks = function (cluster) {
    const { scenarios } = cm.payload;
    if (scenarios.length < 2) return null;
    const { place } = cluster;
    const rows = scenarios.map((scenario) => {
      const { rank, rated } = scenario.scores;
      const count = rated.filter(Boolean).length;
      const known = rated[place] && rank[place] !== null;
      return cm.make("tr", {}, cm.make("th", { scope: "row", text: cm.profileName(scenario) }),
        cm.make("td", { class: "number" }, known ? cm.make("b", { text: cm.say("page.card.rank",
          { rank: cm.number(rank[place], 0), count: cm.number(count, 0) }) })
          : cm.make("span", { text: cm.say("page.card.unrated") })),
        cm.make("td", { class: "number", text: known ? cm.besideRank(scenario, place) : "" }));
    });
    return table([cm.say("page.weights.profile"), cm.say("page.table.rank"),
      cm.say("page.table.interval")], rows);
  };
});
