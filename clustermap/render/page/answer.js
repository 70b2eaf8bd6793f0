// The answer at first glance: of how many clusters the score lies clearly above typical, of how many
// clearly below, and of how many that cannot be told. Each number leads to its clusters.
cm.run(function (cm) {
  "use strict";

  const { typical } = cm.payload.rules;
  const STANDINGS = ["above", "alike", "below"];

  /** Where a rated cluster stands: "above" or "below" where its interval leaves out typical. */
  cm.standingOf = function (cluster) {
    if (!cluster.rated) return "";
    if (cluster.low !== null && cluster.low > typical) return "above";
    if (cluster.high !== null && cluster.high < typical) return "below";
    return "alike";
  };

  /** Standings in their order. */
  cm.standings = STANDINGS;

  function choice(name, count, press) {
    const button = cm.make("button", { type: "button", class: "link", "data-standing": name },
      cm.make("b", { text: cm.number(count, 0) }),
      cm.make("span", { text: cm.say(`page.answer.${name}`) }));
    button.setAttribute("aria-pressed", String(cm.state.filters.standing === name));
    button.addEventListener("click", press);
    return cm.make("li", { class: `stands-${name}` }, button);
  }

  cm.drawAnswer = function () {
    const counts = Object.fromEntries(STANDINGS.map((name) => [name, 0]));
    // What is asked for by score is no part of what the answer is about.
    const asked = cm.findClusters(cm.model.clusters, true);
    for (const cluster of asked) if (cluster.rated) counts[cm.standingOf(cluster)] += 1;
    const clusters = Math.max(1, asked.length);
    const unrated = asked.filter((cluster) => !cluster.rated).length;
    const { rated } = cm.state.counts;
    const known = rated > 0 && cm.isWeighed(cm.scenario()) && !cm.isChoosing();
    cm.byId("answer").hidden = !known;
    if (!known) return;
    let at = 0;
    const marks = [...STANDINGS.map((name) => [name, counts[name]]), ["unrated", unrated]]
      .map(([name, count]) => {
        const width = (100 * Number(count)) / clusters;
        at += width;
        return { class: `stands-${name}`, at: at - width, width };
      });
    const toggle = (name) => () =>
      cm.filter("standing", cm.state.filters.standing === name ? "" : name);
    cm.byId("answer").replaceChildren(cm.bar("standing-bar", marks),
      cm.make("ul", { class: "standings" }, ...STANDINGS.map((name) => choice(name, counts[name], toggle(name))),
        choice("unrated", unrated, () => cm.show("unrated"))));
  };
});
