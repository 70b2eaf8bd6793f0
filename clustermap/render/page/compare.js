// Profiles side by side: the same clusters ranked by other scores.
cm.run(function (cm) {
  "use strict";

  const ROWS = 40;
  const TOP = 0.1;
  const { scenarios } = cm.payload;

  const isRated = (scenario, place) =>
    Boolean(scenario.scores.rated[place]) && scenario.scores.rank[place] !== null;

  /** What stands beside a rank: its interval, or of stars and the like how many share it. */
  cm.besideRank = function (scenario, place) {
    const { rank, rank_low: low, rank_high: high } = scenario.scores;
    if (cm.isWeighed(scenario)) return cm.interval(low[place], high[place], 0);
    const alike = rank.filter((one, at) => one === rank[place] && isRated(scenario, at)).length;
    return alike > 1 ? cm.say("page.compare.shared", { count: cm.number(alike, 0) }) : "";
  };

  function rankCell(scenario, place) {
    const { rank } = scenario.scores;
    const cell = cm.make("td", { class: "number" });
    if (!isRated(scenario, place)) {
      cell.classList.add("missing");
      cell.textContent = "–";
      cell.title = cm.say("page.card.unrated");
      return cell;
    }
    cell.append(cm.make("b", { text: cm.number(rank[place], 0) }),
      cm.make("small", { text: cm.besideRank(scenario, place) }));
    return cell;
  }

  function rowOf(cluster) {
    const button = cm.make("button", { type: "button", class: "link",
      text: cm.names(cluster)[0] });
    button.addEventListener("click", () => cm.select(cluster.id));
    const row = cm.make("tr", {}, cm.make("th", { scope: "row" }, button),
      ...scenarios.map((scenario) => rankCell(scenario, cluster.place)));
    if (cm.state.selected === cluster.id) row.setAttribute("aria-current", "true");
    return row;
  }

  function topOf(scenario) {
    const rated = cm.model.clusters.filter(({ place }) => isRated(scenario, place));
    const count = Math.max(1, Math.round(TOP * rated.length));
    return new Set(rated.filter(({ place }) => scenario.scores.rank[place] <= count)
      .map(({ place }) => place));
  }

  // How far the profiles agree on the best tenth.
  function overlaps() {
    const first = topOf(scenarios[0]);
    return cm.make("ul", { class: "plain" }, ...scenarios.slice(1).map((scenario) => {
      const top = topOf(scenario);
      const both = [...top].filter((place) => first.has(place)).length;
      return cm.make("li", {}, cm.make("span", { text: cm.profileName(scenario) }),
        cm.make("small", { text: cm.say("page.compare.both", {
          both: cm.number(both, 0), top: cm.number(top.size, 0) }) }));
    }));
  }

  function head() {
    const cells = scenarios.map((scenario) => {
      const shown = cm.state.weights === null && cm.state.scenario === scenario.name;
      const button = cm.make("button", { type: "button", class: "link",
        text: cm.profileName(scenario), "aria-pressed": String(shown) });
      button.addEventListener("click", () => cm.useScenario(scenario.name));
      return cm.make("th", { scope: "col", class: "number",
        "aria-sort": shown ? "ascending" : null }, button);
    });
    return cm.make("thead", {}, cm.make("tr", {},
      cm.make("th", { scope: "col", text: cm.say("page.table.cluster") }), ...cells));
  }

  cm.drawCompare = function () {
    const found = cm.findClusters(cm.model.rated);
    const selected = cm.selected();
    const rows = found.slice(0, ROWS);
    if (selected && !rows.includes(selected)) rows.unshift(selected);
    const meanings = scenarios.filter((one) => cm.knows(`profile.${one.profile}.meaning`));
    cm.byId("compare-body").replaceChildren(cm.quiet(cm.say("page.compare.note")),
      cm.heading(cm.say("page.compare.agreement", {
        profile: cm.profileName(scenarios[0]) })), overlaps(),
      cm.make("div", { class: "scroll", tabindex: "0" },
        cm.make("table", { id: "compare-table" }, head(),
          cm.make("tbody", {}, ...rows.map(rowOf)))),
      found.length > ROWS ? cm.quiet(cm.say("page.compare.cut", { shown: cm.number(ROWS, 0),
        count: cm.number(found.length, 0) })) : "",
      cm.make("dl", {}, ...meanings.flatMap((one) => [
        cm.make("dt", { text: cm.profileName(one) }),
        cm.make("dd", { text: cm.say(`profile.${one.profile}.meaning`) })])));
  };

  if (scenarios.length > 1) cm.addView("compare", cm.drawCompare);
});
