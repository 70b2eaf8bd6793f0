// What the data cover: kinds, years and regions with and without records.
cm.run(function (cm) {
  "use strict";

  const { payload } = cm;

  function years(at) {
    const { first_year: first, last_year: last } = payload.coverage;
    if (first[at] === null) return cm.say("page.about.undated");
    return first[at] === last[at] ? String(first[at]) : `${first[at]}–${last[at]}`;
  }

  // Kinds without any record are the point of this table: their absence is not visible elsewhere.
  function kindRows() {
    const { coverage } = payload;
    return payload.kinds.map((kind) => {
      const at = coverage.kind.indexOf(kind);
      const name = cm.make("th", { scope: "row", text: cm.label(`kind.${kind}`) });
      if (at < 0 || !coverage.links[at]) {
        return cm.make("tr", { class: "absent" }, name, cm.make("td", { colspan: "3",
          class: "number", text: cm.say("page.about.no_records") }));
      }
      return cm.make("tr", {}, name, ...[cm.number(coverage.links[at], 0),
        cm.number(coverage.inside[at] || 0, 0), years(at)].map((text) =>
        cm.make("td", { class: "number", text })));
    });
  }

  /** Kinds of linkage with their links and years, those without any record named. */
  cm.coverageTable = function () {
    const heads = ["page.card.kind", "page.about.links", "page.about.inside", "page.about.years"];
    const shown = cm.table(heads.map((key) => cm.say(key)), kindRows(), "coverage");
    shown.id = "coverage";
    return shown;
  };

  cm.drawCoverage = function () {
    const parts = [cm.quiet(cm.say("page.about.coverage_note")), cm.coverageTable()];
    if (cm.yearParts) parts.push(...cm.yearParts());
    parts.push(cm.heading(cm.say("page.about.withheld")), ...cm.withheldParts());
    cm.byId("coverage-body").replaceChildren(...parts);
  };

  /** What is withheld, and why. */
  cm.withheldParts = function () {
    const { about } = payload;
    const told = Object.entries(about.withheld).filter(([, count]) => count > 0)
      .map(([key, count]) => {
        const total = about.totals[key];
        const name = cm.knows(`page.withheld.${key}`) ? cm.say(`page.withheld.${key}`,
          { count: cm.number(count, 0) }) : `${key}: ${cm.number(count, 0)}`;
        return total ? `${name} ${cm.say("page.withheld.of", { total: cm.number(total, 0) })}` : name;
      });
    if (!told.length) return [cm.quiet(cm.say("page.about.withheld_none"))];
    return [cm.quiet(cm.say("page.about.withheld_why", { ...about.withholding })),
      cm.make("ul", {}, ...told.map((text) => cm.make("li", { text })))];
  };

  cm.addView("coverage", cm.drawCoverage);
});
