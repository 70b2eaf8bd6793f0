// Clusters that are not rated: how many, how large, and what would rate them.
cm.run(function (cm) {
  "use strict";

  const NAMED = 12; // of each reason

  const sum = (clusters, key) => clusters.reduce((all, one) => all + (one[key] || 0), 0);

  // The reason of most clusters first; within it those with the most firms.
  function byReason() {
    const found = new Map();
    for (const cluster of cm.findClusters(cm.model.unrated, true)) {
      if (!found.has(cluster.reason)) found.set(cluster.reason, []);
      found.get(cluster.reason).push(cluster);
    }
    for (const clusters of found.values()) {
      clusters.sort((a, b) => (b.firms || 0) - (a.firms || 0) || a.place - b.place);
    }
    return [...found.values()].sort((a, b) => b.length - a.length);
  }

  function itemOf(cluster) {
    const button = cm.make("button", { type: "button", class: "link user",
      text: cm.names(cluster)[0] });
    button.addEventListener("click", () => cm.select(cluster.id));
    const item = cm.make("li", {}, button, cm.make("small", { text: cluster.firms === null ? ""
      : cm.say("page.table.firms", { count: cm.number(cluster.firms, 0) }) }));
    if (cm.state.selected === cluster.id) item.setAttribute("aria-current", "true");
    return item;
  }

  const opened = new Set(); // reasons whose whole list the reader has asked for

  function group(clusters) {
    const { reason } = clusters[0];
    const text = cm.reasonOf(clusters[0]);
    const key = `page.unrated.cure.${reason.replace(/^reason\./, "")}`;
    const shown = opened.has(reason) ? clusters : clusters.slice(0, NAMED);
    const more = cm.make("button", { type: "button", class: "link",
      text: cm.say("page.unrated.more", { count: cm.number(clusters.length - shown.length, 0) }) });
    more.addEventListener("click", () => {
      opened.add(reason);
      cm.drawUnrated();
    });
    return cm.part(cm.heading(cm.say("page.unrated.group", {
      count: cm.number(clusters.length, 0), firms: cm.number(sum(clusters, "firms"), 0) })),
    cm.make("p", { class: "why", text: text.charAt(0).toUpperCase() + text.slice(1) }),
    cm.knows(key) ? cm.make("p", { class: "cure", text: cm.say(key) }) : null,
    cm.make("ul", { class: "plain" }, ...shown.map(itemOf)),
    shown.length < clusters.length ? more : null);
  }

  cm.drawUnrated = function () {
    const all = cm.model.unrated;
    const clusters = cm.model.clusters;
    const share = (key) => {
      const whole = sum(clusters, key);
      return whole ? cm.percent(sum(all, key) / whole) : cm.say("page.unknown");
    };
    const save = cm.make("button", { type: "button", class: "tool", text: cm.say("page.table.csv") });
    save.addEventListener("click", () => cm.saveTable(cm.findClusters(all, true), "unrated"));
    cm.byId("unrated-body").replaceChildren(cm.make("p", { class: "lead",
      text: cm.say("page.unrated.lead", { count: cm.number(all.length, 0),
        all: cm.number(clusters.length, 0), firms: cm.number(sum(all, "firms"), 0),
        share: share("firms") }) }), cm.quiet(cm.say("page.unrated.meaning")),
    cm.conditions() ? cm.quiet(cm.say("page.unrated.narrowed", { what: cm.conditions() })) : "",
    ...byReason().map(group), all.length ? save : "");
  };

  cm.addView("unrated", cm.drawUnrated);
});
