// Parts of the card on what may be done: situations and responses, missing links, support.
cm.run(function (cm) {
  "use strict";

  const BODIES = 5; // support bodies that are named
  const { advice } = cm.payload;
  const { quiet, part, subheading, table } = cm;
  const say = (key, values) => cm.say(`page.advice.${key}`, values);
  const times = (value) => cm.number(value, value < 10 ? 2 : 0);
  const plain = (value) => cm.number(value, Number.isInteger(value) ? 0 : 1);

  function spell(condition, name, value) {
    if (!["value", "low", "high"].includes(name) || condition.form === "count") return plain(value);
    return condition.form === "times" ? times(value) : cm.percent(value);
  }

  // Numbers of a condition as a sentence; what is withheld is said to be so.
  function told(condition, place) {
    const values = {};
    for (const [name, column] of Object.entries(condition.numbers)) {
      if (column[place] !== null) values[name] = spell(condition, name, column[place]);
    }
    const label = cm.say(`condition.${condition.key}.label`);
    const missing = Object.keys(condition.numbers).filter((name) => !(name in values));
    if (!missing.length) return cm.say(`condition.${condition.key}.told`, values);
    const ratio = `condition.${condition.key}.ratio`;
    return ["value", "low", "high"].every((name) => name in values) && cm.knows(ratio)
      ? cm.say(ratio, values) : `${label} — ${cm.say("condition.untold")}`;
  }

  function evidence(condition, place) {
    const state = cm.stateOf(condition, place);
    const text = state === "undecided"
      ? `${cm.say(`condition.${condition.key}.label`)} — ${reasonOf(condition, place)}`
      : told(condition, place);
    return cm.make("li", { class: `is-${state}` }, text, " ", state !== "not_seen" ? null
      : cm.make("small", { text: `(${cm.say(`diagnosis.state.${state}`)})` }));
  }

  // A key of ours; any other text says nothing to a reader.
  function reasonOf(condition, place) {
    const key = cm.decode(condition.open, place);
    return cm.knows(key) ? cm.say(key) : cm.say("diagnosis.state.undecided");
  }

  const failure = (situation) => cm.say(`situation.${situation.key}.failure`);

  function seenBlock(situation, place) {
    const responses = Array.from({ length: situation.responses }, (_, at) =>
      cm.make("li", { text: cm.say(`situation.${situation.key}.response_${at + 1}`) }));
    return cm.make("div", { class: "situation", id: `situation-${situation.key}` },
      cm.make("div", { class: "ours" }, cm.make("h4", { text: say("ours") }),
        cm.make("p", { class: "what", text: cm.say(`situation.${situation.key}.seen`) }),
        cm.make("ul", { class: "evidence" },
          ...situation.conditions.filter((one) => cm.stateOf(one, place))
            .map((one) => evidence(one, place)))),
      cm.make("div", { class: "oecd" }, cm.make("h4", { text: say("oecd") }),
        cm.make("p", { class: "what", text: failure(situation) }),
        cm.make("ul", { class: "responses" }, ...responses)));
  }

  function openItem(situation, place) {
    const reasons = situation.conditions.filter((one) =>
      cm.stateOf(one, place) === "undecided").map((one) => reasonOf(one, place));
    return cm.make("li", { class: "is-open" }, cm.make("b", { text: `${failure(situation)}:` }), " ",
      [...new Set(reasons)].join(" "));
  }

  function situations(cluster) {
    const [seen, open, absent] = ["seen", "undecided", "not_seen"].map((state) =>
      cm.situationsOf(cluster, state));
    if (!seen.length && !open.length && !absent.length) return null;
    return part(
      ...seen.map((one) => seenBlock(one, cluster.place)),
      seen.length ? null : cm.make("p", { class: "none", text: open.length
        ? say("none_seen_open", { count: cm.number(open.length, 0) }) : say("none_seen") }),
      open.length ? subheading(say("open_title", { count: cm.number(open.length, 0) })) : null,
      open.length ? cm.make("ul", { class: "reasons", id: "situations-open" },
        ...open.map((one) => openItem(one, cluster.place))) : null,
      absent.length ? cm.make("p", { class: "quiet", id: "situations-absent",
        text: say("absent", { what: absent.map(failure).join(", ") }) }) : null);
  }

  function diffusion(cluster) {
    const { place } = cluster;
    const given = advice.diffusion;
    if (!given) return null;
    const level = given.level[place];
    const open = cm.decode(given.open, place);
    if (level === null && !open) return null;
    const groups = Object.entries(given.groups);
    const rows = groups.filter(([, firms]) => firms[place] !== 0).map(([group, firms]) =>
      cm.make("tr", {}, cm.make("th", { scope: "row", text: cm.say(`sector_group.${group}`) }),
        cm.make("td", { class: firms[place] === null ? "number withheld" : "number",
          text: firms[place] === null ? cm.say("page.withheld_short")
            : cm.number(firms[place], 0) })));
    const levelKey = `diffusion.level_${level}`;
    return [part(subheading(say("level_title")), ...(level === null
      ? [quiet(cm.knows(open) ? say("level_open", { why: cm.say(open) })
        : cm.say("diagnosis.state.undecided"))]
      : [cm.make("p", { class: "what", id: "level", text: cm.say(`${levelKey}.label`) }),
        quiet(say("level_means", { means: cm.say(`${levelKey}.means`) })),
        quiet(say("level_rule", { rule: cm.say(`${levelKey}.rule`) }))])),
    rows.length ? part(subheading(say("groups_title")),
      table([say("group"), say("firms")], rows, "groups"),
      quiet(cm.say("diagnosis.source.pavitt_1984"))) : null];
  }

  /** @returns {Fold[]} */
  function adviceFold(cluster) {
    const found = [situations(cluster), ...(diffusion(cluster) || [])].filter(Boolean);
    if (!found.length) return [];
    const seen = cm.situationsOf(cluster, "seen").length;
    const hint = seen ? say("hint_seen", { count: cm.number(seen, 0) }) : say("hint_none");
    return [["advice", hint, cm.make("p", { class: "caution", text: say("caution") }), ...found]];
  }

  // How much of the list may be chance, in words: as much as its least clear pair.
  function chanceLine(missing) {
    const chances = missing.map((one) => one.chance).filter((one) => one !== null);
    if (!chances.length) return null;
    const most = Math.max(...chances);
    const chance = cm.say("page.share_value", { value: cm.number(Math.max(1, 100 * most), 0) });
    const word = most > 0.8 ? "all" : most > 0.2 ? "some" : "low";
    return cm.make("p", { class: `caution chance-${word}`, id: "chance",
      text: cm.say(`page.missing.chance_${word}`, { share: chance }) });
  }

  function endName(missing) {
    if (!missing.cluster) {
      return cm.make("span", { class: "user", text: cm.missingName(missing) });
    }
    const button = cm.make("button", { type: "button", class: "link user",
      text: cm.missingName(missing) });
    button.addEventListener("click", () => {
      cm.select(missing.cluster.id);
      cm.byId("card").focus();
    });
    return button;
  }

  function missingItem(missing) {
    const sort = missing.cluster ? cm.say("page.missing.cluster")
      : missing.institute ? cm.label(`type.${cm.payload.types[missing.institute.type]}`) : "";
    const near = missing.km === null ? "" : cm.say("page.missing.near",
      { km: cm.number(missing.km, missing.km < 10 ? 1 : 0) });
    const known = missing.observed !== null && missing.expected !== null;
    const whole = known ? Math.max(missing.observed, missing.expected, 1e-9) * 1.15 : 1;
    const broker = missing.broker ? [cm.say("page.missing.broker", { broker: missing.broker }),
      missing.direct ? `(${cm.say("page.missing.direct")})` : missing.contacts
        ? `(${cm.say("page.missing.contacts", { count: cm.number(missing.contacts, 0) })})` : ""]
      .filter(Boolean).join(" ") : "";
    const lines = [missing.lacking === null ? "" : cm.say("page.missing.lacking",
      { kind: cm.label(`kind.${cm.payload.kinds[missing.lacking]}`) }),
    missing.common.length ? cm.say("page.missing.common",
      { fields: missing.common.map(cm.industryName).join(", ") }) : "", broker].filter(Boolean);
    return cm.make("li", {}, cm.make("div", { class: "end" }, endName(missing),
      cm.make("small", { text: [sort, near].filter(Boolean).join(" · ") })),
    known ? cm.bar("level", [
      { class: "fill", at: 0, width: (100 * missing.observed) / whole },
      { class: "typical", at: (100 * missing.expected) / whole }]) : null,
    cm.make("b", { text: cm.missingCount(missing) }),
    ...lines.map((text) => cm.make("small", { class: "user", text })));
  }

  /** @returns {Fold[]} */
  function missingFold(cluster) {
    const missing = cm.missingOf(cluster);
    if (!missing.length) return [];
    const drawable = cluster.located
      && missing.some((one) => one.institute || (one.cluster && one.cluster.located));
    const see = drawable ? cm.make("button", { type: "button", class: "tool see",
      id: "see-missing", text: cm.say("page.missing.see") }) : null;
    if (see) see.addEventListener("click", () => cm.goToMissing());
    return [["missing", cm.number(missing.length, 0), quiet(cm.say("page.missing.lead")),
      chanceLine(missing), cm.make("ul", { class: "missing", id: "missing" },
        ...missing.map(missingItem)), quiet(cm.say("page.missing.reasons")),
    drawable ? cm.make("p", { class: "quiet on-map" }, cm.missingSample(),
      cm.make("span", { text: cm.say("page.missing.legend_note") })) : null, see]];
  }

  function outliving(given) {
    if (given.outliving === null) return null;
    const share = { share: cm.percent(given.outliving),
      low: given.outliving_low === null ? "–" : cm.percent(given.outliving_low),
      high: given.outliving_high === null ? "–" : cm.percent(given.outliving_high) };
    return given.pairs_during === null || given.pairs_after === null
      ? cm.say("page.support.outliving_share", share)
      : cm.say("page.support.outliving_value", { ...share,
        during: cm.number(given.pairs_during, 0), after: cm.number(given.pairs_after, 0) });
  }

  const money = (value) => (cm.payload.decision ? cm.money(value) : cm.number(value, 0));

  function supportPart(cluster) {
    const given = cm.supportOf(cluster);
    if (!given) return null;
    /** @type {[string, Maybe, (value: number) => string][]} */
    const wanted = [
      ["programmes", given.programmes, (value) => cm.number(value, 0)],
      ["money", given.money, money],
      ["current", given.current, money],
      ["spread", given.splitting || null, (value) =>
        cm.say("page.support.spread_value", { count: cm.number(1 / value, 1) })],
      ["single", given.single_share, cm.percent],
      ["leverage", given.leverage, (value) => cm.number(value, 2)],
    ];
    const rows = wanted.filter(([, value]) => value !== null)
      .map(([key, value, write]) => [cm.say(`page.support.${key}`), write(Number(value))]);
    const after = outliving(given);
    if (after) rows.push([cm.say("page.support.outliving"), after]);
    if (!rows.length) return quiet(cm.say("page.withheld_long"));
    return part(subheading(cm.say("page.support.title")), table([cm.say("page.card.measure"),
      cm.say("page.card.value")], rows.map(([label, value]) => cm.make("tr", {},
      cm.make("th", { scope: "row", text: label }),
      cm.make("td", { class: "number user", text: value }))), "support"),
    after ? quiet(cm.say("page.support.note")) : null);
  }

  // Whoever could be asked to broker: who is near, and whom they reach so far.
  function bodyPart(cluster) {
    if (!cm.bodies.length || !cluster.located) return null;
    const reach = { km: cm.number(advice.bodies.reach_km) };
    const near = cm.bodiesNear(cluster);
    const items = near.slice(0, BODIES).map(({ body, km }) => cm.make("li", {},
      cm.make("span", { class: "user", text: body.name || cm.say("page.unnamed") }),
      cm.make("small", { text: cm.say("page.missing.near",
        { km: cm.number(km, km < 10 ? 1 : 0) }) }), cm.bodyLine(body.institute)
        ? cm.make("p", { class: "institute-reach", text: cm.bodyLine(body.institute) }) : null));
    return part(subheading(cm.say("page.bodies.here", reach)), items.length
      ? cm.make("ul", { class: "plain", id: "bodies-near" }, ...items)
      : quiet(cm.say("page.bodies.none_near", reach)),
    near.length > BODIES ? quiet(cm.say("page.card.more", { count: near.length - BODIES })) : null);
  }

  function gapPart(cluster) {
    const gaps = cm.gapsOf(cluster);
    if (!gaps.length) return null;
    const sorts = [...new Set(gaps.map((one) => one.difference))];
    const entry = (one) => (one.present ? cm.say("page.support.gap_entry",
      { entry: cm.industryName(one.entry), count: cm.number(one.present, 0) })
      : cm.industryName(one.entry));
    return part(subheading(cm.say("page.support.gaps")),
      cm.make("ul", { class: "reasons", id: "gaps" }, ...sorts.map((sort) =>
        cm.make("li", { class: "is-open" }, cm.make("b", {
          text: `${cm.label(`permitted_gap.${sort}`, sort)}:` }), " ", cm.make("span", { class: "user",
          text: gaps.filter((one) => one.difference === sort).map(entry).join(", ") })))),
      quiet(cm.say("page.support.gaps_note")));
  }

  /** @returns {Fold[]} */
  function supportFold(cluster) {
    const found = [bodyPart(cluster), supportPart(cluster), gapPart(cluster)].filter(Boolean);
    return found.length ? [["support", "", ...found]] : [];
  }

  /** Parts of the card on what may be done, each with its key and hint; none without advice. */
  cm.adviceFolds = (cluster) => (advice
    ? [...adviceFold(cluster), ...missingFold(cluster), ...supportFold(cluster)] : []);
});
