// What is seen in the nation, where, whom support bodies reach, and where one more would reach most.
cm.run(function (cm) {
  "use strict";

  const { advice } = cm.payload;
  if (!advice || !(advice.situations.length || advice.bodies.institute.length
    || advice.sites.cluster.length)) return;
  const SHOWN = 12; // of each list, until the reader asks for all
  const opened = new Set();
  const { heading, quiet, table } = cm;
  const failure = (situation) => cm.say(`situation.${situation.key}.failure`);

  function moreButton(key, rest) {
    if (rest <= 0) return "";
    const more = cm.make("button", { type: "button", class: "link",
      text: cm.say("page.bodies.more", { count: cm.number(rest, 0) }) });
    more.addEventListener("click", () => {
      opened.add(key);
      cm.drawSituations();
    });
    return more;
  }

  const cut = (key, list) => (opened.has(key) ? list : list.slice(0, SHOWN));

  function clusterButton(cluster) {
    const button = cm.make("button", { type: "button", class: "link user",
      text: cm.names(cluster)[0] });
    button.addEventListener("click", () => cm.select(cluster.id));
    return button;
  }

  function clusterItem(cluster, text) {
    const item = cm.make("li", {}, clusterButton(cluster), cm.make("small", { text }));
    if (cm.state.selected === cluster.id) item.setAttribute("aria-current", "true");
    return item;
  }

  const inState = (situation, clusters, state) => clusters.filter((cluster) =>
    cm.stateOf(situation, cluster.place) === state);

  function situationTable(clusters) {
    const rows = advice.situations.map((situation) => cm.make("tr", {},
      cm.make("th", { scope: "row", text: failure(situation) }),
      ...["seen", "undecided", "not_seen"].map((state) => {
        const text = cm.number(inState(situation, clusters, state).length, 0);
        return cm.make("td", { class: "number" }, state === "seen"
          ? cm.make("b", { text }) : text);
      })));
    return table(["situation", "seen", "open", "absent"].map((key) =>
      cm.say(`page.situations.${key}`)), rows, "dense");
  }

  function seenWhere(situation, clusters) {
    const seen = inState(situation, clusters, "seen")
      .sort((a, b) => (b.firms || 0) - (a.firms || 0) || a.place - b.place);
    if (!seen.length) return [];
    const shown = cut(situation.key, seen);
    const id = `seen-${situation.key}`;
    return [cm.make("details", { id, class: "where", open: unfolded.has(id) },
      cm.make("summary", { text: cm.say("page.situations.group",
        { failure: failure(situation), count: cm.number(seen.length, 0) }) }),
      cm.make("ul", { class: "plain" }, ...shown.map((cluster) =>
        clusterItem(cluster, cluster.firms === null ? "" : cm.say("page.table.firms",
          { count: cm.number(cluster.firms, 0) })))),
      moreButton(situation.key, seen.length - shown.length))];
  }

  function situationParts(clusters) {
    if (!advice.situations.length) return [];
    const seen = clusters.filter((one) => cm.situationsOf(one, "seen").length).length;
    const lists = advice.situations.flatMap((one) => seenWhere(one, clusters));
    return [cm.make("p", { class: "lead", text: cm.say("page.situations.lead",
      { seen: cm.number(seen, 0), all: cm.number(clusters.length, 0) }) }),
    quiet(cm.say("page.advice.caution")),
    cm.conditions() ? quiet(cm.say("page.situations.narrowed", { what: cm.conditions() })) : "",
    situationTable(clusters),
    ...(lists.length ? [heading(cm.say("page.situations.where")), ...lists] : [])];
  }

  const cell = (value, write) => cm.make("td", { class: value === null ? "number withheld"
    : "number", text: value === null ? cm.say("page.withheld_short") : write(value) });
  const whole = (value) => cm.number(value, 0);

  function bodyRow(body) {
    const { near_firms: near, near_share: share, near_low: low, near_high: high, joined } =
      body.measures;
    const linked = cell(share, cm.percent);
    if (share !== null && low !== null && high !== null) {
      linked.append(cm.make("small", { text: cm.shares(low, high) }));
    }
    return cm.make("tr", {}, cm.make("th", { scope: "row", class: "user",
      text: body.name || cm.say("page.unnamed") }), cell(near, whole), linked,
    cell(joined, whole));
  }

  // Firms are near by road where roads are known, else in a straight line.
  function reachNote(key) {
    const { reach_km: km, reach_minutes: minutes } = advice.bodies;
    return quiet(minutes === null ? cm.say(`page.bodies.${key}`, { km: cm.number(km) })
      : cm.say(`page.bodies.${key}_road`, { minutes: cm.number(minutes) }));
  }

  function bodyParts() {
    if (!cm.bodies.length) return [];
    const shown = cut("bodies", cm.bodies);
    return [heading(cm.say("page.bodies.title")),
      reachNote("note"),
      table(["body", "near", "linked", "joined"].map((key) => cm.say(`page.bodies.${key}`)),
        shown.map(bodyRow), "dense bodies"),
      moreButton("bodies", cm.bodies.length - shown.length)];
  }

  function siteParts() {
    const { sites } = advice;
    if (!sites.cluster.length) return [];
    const items = sites.cluster.map((place, at) => clusterItem(cm.model.clusters[place],
      sites.added[at] === null ? cm.say("page.withheld_short")
        : cm.say("page.bodies.site_added", { count: whole(sites.added[at]) })));
    const last = sites.cluster.length - 1;
    const [covered, all] = [sites.covered[last], sites.in_all[last]];
    return [heading(cm.say("page.bodies.sites")),
      reachNote("sites_note"),
      cm.make("ol", { class: "plain", id: "sites" }, ...items), covered !== null && all
        ? quiet(cm.say("page.bodies.sites_all", { share: cm.percent(covered / all) })) : ""];
  }

  const unfolded = new Set(); // lists that stand open stay open when they are drawn anew

  cm.drawSituations = function () {
    for (const details of cm.find("#responses-body details")) {
      if (details.open) unfolded.add(details.id);
      else unfolded.delete(details.id);
    }
    const clusters = cm.findClusters(cm.model.clusters, true);
    cm.byId("responses-body").replaceChildren(cm.make("h2", { text: cm.say("diagnosis.title") }),
      ...situationParts(clusters), ...siteParts(), ...bodyParts());
  };

  cm.byId("ranking").append(cm.make("section", { id: "view-responses", class: "view scrolls",
    role: "tabpanel", "aria-labelledby": "tab-responses", tabindex: "0", hidden: true },
  cm.make("div", { id: "responses-body" })));
  cm.addView("responses", cm.drawSituations);
});
