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

  /** Links of each kind by year, as bars: a year without records shows as one. */
  function yearParts() {
    const rows = payload.years;
    const years = [...new Set(rows.year)].filter((year) => year !== null).sort((a, b) => a - b);
    if (years.length < 2) return [];
    const all = [];
    for (let year = years[0]; year <= years[years.length - 1]; year += 1) all.push(year);
    const lines = payload.kinds.map((_, kind) => kind).filter((kind) => rows.kind.includes(kind))
      .map((kind) => {
        const links = all.map((year) => {
          const at = rows.kind.findIndex((one, row) => one === kind && rows.year[row] === year);
          return at < 0 ? 0 : rows.links[at];
        });
        const most = Math.max(...links.map((one) => one || 0), 1);
        const bars = links.map((one, at) => {
          const bar = cm.make("i", { class: one === null ? "unknown" : null, title: `${all[at]}: ${
            one === null ? cm.say("page.withheld_short") : cm.number(one, 0)}` });
          bar.style.height = `${one === null ? 100 : Math.max(one ? 3 : 0, (100 * one) / most)}%`;
          if (one !== null) bar.style.backgroundColor = cm.FLOW_COLOURS[payload.kinds[kind]];
          return bar;
        });
        const said = all.map((year, at) => `${year} ${links[at] === null
          ? cm.say("page.withheld_short") : cm.number(links[at], 0)}`).join(", ");
        return cm.make("li", {}, cm.make("span", { text: cm.label(`kind.${payload.kinds[kind]}`) }),
          cm.make("span", { class: "years", role: "img", "aria-label": said }, ...bars));
      });
    return [cm.heading(cm.say("page.coverage.years")), cm.make("ul", { class: "year-bars" },
      ...lines), cm.quiet(`${all[0]}–${all[all.length - 1]}`)];
  }

  // Regions by kind: where records are scarce it looks as if nothing were linked.
  function regionParts() {
    const rows = payload.regions_covered;
    const regions = [...new Set(rows.region.codes)];
    if (!regions.length) return [];
    const kinds = payload.kinds.map((_, kind) => kind).filter((kind) => rows.kind.includes(kind));
    const find = (region, kind) => rows.region.codes.findIndex((one, at) =>
      one === region && rows.kind[at] === kind);
    const lines = regions.map((region) => {
      const first = rows.region.codes.indexOf(region);
      const name = rows.region.texts[region] || cm.say("page.coverage.nowhere");
      return cm.make("tr", {}, cm.make("th", { scope: "row", text: name }),
        cm.make("td", { class: "number", text: cm.number(rows.clusters[first], 0) }),
        ...kinds.map((kind) => {
          const at = find(region, kind);
          const links = at < 0 ? 0 : rows.links[at];
          const some = at >= 0 && rows.withheld[at] > 0;
          return cm.make("td", { class: links === null ? "number withheld" : "number",
            text: links === null ? cm.say("page.withheld_short")
              : `${cm.number(links, 0)}${some ? "+" : ""}` });
        }));
    });
    const heads = [cm.say("page.coverage.region"), cm.say("page.coverage.clusters"),
      ...kinds.map((kind) => cm.label(`kind.${payload.kinds[kind]}`))];
    return [cm.heading(cm.say("page.coverage.regions")), cm.table(heads, lines, "dense"),
      cm.quiet(cm.say("page.coverage.regions_note"))];
  }

  cm.drawCoverage = function () {
    const parts = [cm.quiet(cm.say("page.about.coverage_note")), cm.coverageTable()];
    parts.push(...yearParts(), ...regionParts());
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
