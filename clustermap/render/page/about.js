// About the score and the data: remarks first, then how to read, what the data cover, sources.
(function (cm) {
  "use strict";

  const { heading, quiet } = cm;
  const list = (texts, className) => cm.make("ul", { class: className || null },
    ...texts.map((text) => cm.make("li", { text })));

  function years(coverage, at) {
    const [first, last] = [coverage.first_year[at], coverage.last_year[at]];
    if (first === null) return cm.say("page.about.undated");
    return first === last ? String(first) : `${first}–${last}`;
  }

  // Kinds without any record are the point of this table: their absence is not visible elsewhere.
  function coverageTable() {
    const coverage = cm.payload.about.coverage;
    const rows = cm.payload.kinds.map((kind) => {
      const at = coverage.kind.indexOf(kind);
      const name = cm.make("th", { scope: "row", text: cm.label(`kind.${kind}`) });
      if (at < 0 || !coverage.links[at]) {
        return cm.make("tr", { class: "absent" }, name, cm.make("td", { colspan: "3",
          class: "number", text: cm.say("page.about.no_records") }));
      }
      return cm.make("tr", {}, name, ...[cm.number(coverage.links[at], 0),
        cm.number(coverage.inside[at] || 0, 0), years(coverage, at)].map((text) =>
        cm.make("td", { class: "number", text })));
    });
    const head = cm.make("tr", {}, ...["page.card.kind", "page.about.links", "page.about.inside",
      "page.about.years"].map((key, place) => cm.make("th", { scope: "col",
      class: place ? "number" : null, text: cm.say(key) })));
    return cm.make("table", { id: "coverage" }, cm.make("thead", {}, head),
      cm.make("tbody", {}, ...rows));
  }

  function withheldList() {
    const told = Object.entries(cm.payload.about.withheld).filter(([, count]) => count > 0)
      .map(([key, count]) => {
        const total = cm.payload.about.totals[key];
        const name = cm.knows(`page.withheld.${key}`) ? cm.say(`page.withheld.${key}`,
          { count: cm.number(count, 0) }) : `${key}: ${cm.number(count, 0)}`;
        return total ? `${name} ${cm.say("page.withheld.of", { total: cm.number(total, 0) })}` : name;
      });
    return told.length
      ? cm.make("div", {}, quiet(cm.say("page.about.withheld_why", cm.payload.about.rules)), list(told))
      : quiet(cm.say("page.about.withheld_none"));
  }

  // What the score is made of, each part with its meaning.
  function parts() {
    const keys = cm.payload.subscores.map((column) => column.subscore)
      .filter((key) => cm.knows(`subscore.${key}.meaning`));
    if (!keys.length) return [];
    return [heading(cm.say("page.about.parts")), quiet(cm.say("page.about.parts_note")),
      definitions(keys, "subscore")];
  }

  function definitions(keys, group) {
    const terms = cm.make("dl");
    for (const key of keys) {
      terms.append(cm.make("dt", { text: cm.label(`${group}.${key}.label`) }),
        cm.make("dd", { text: cm.say(`${group}.${key}.meaning`) }));
    }
    return terms;
  }

  function measures() {
    const keys = [...new Set(cm.payload.indicators.map((column) => column.indicator))]
      .filter((key) => cm.knows(`indicator.${key}.meaning`));
    if (!keys.length) return [];
    return [heading(cm.say("page.about.measures")), definitions(keys, "indicator")];
  }

  cm.drawAbout = function () {
    const about = cm.payload.about;
    const close = cm.make("button", { type: "button", class: "close", "aria-label":
      cm.say("page.close"), text: "×" });
    close.addEventListener("click", () => cm.byId("about").close());
    const say = (key) => cm.say(`page.about.${key}`);
    cm.byId("about").replaceChildren(close,
      cm.make("h2", { id: "about-title", text: say("title") }),
      about.synthetic ? cm.make("p", { class: "mark", text: cm.say("page.synthetic") }) : "",
      about.internal ? quiet(cm.say("page.internal_long")) : "",
      cm.make("div", { class: "notes" }, heading(say("notes")), about.notes.length
        ? list(about.notes.map(cm.sentence)) : quiet(say("no_notes"))),
      heading(say("reading")), list([say("reading_rank"), say("reading_interval"),
        say("reading_score"), say("reading_median"), say("reading_unrated"),
        cm.say("about.independent_links")]), ...parts(),
      heading(say("coverage")), quiet(say("coverage_note")),
      cm.make("div", { class: "scroll", tabindex: "0" }, coverageTable()),
      heading(say("withheld")), withheldList(),
      heading(say("sources")), list(about.attribution, "sources"), ...measures(),
      quiet(cm.say("page.made_with", { version: about.version })));
  };

  cm.openAbout = function () {
    cm.drawAbout();
    cm.byId("about").showModal();
  };
})(window.cm);
