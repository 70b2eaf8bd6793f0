// The ranking: a real table, linked both ways with the map, walked with the arrow keys.
(function (cm) {
  "use strict";

  const PRINTED = 40;
  const rows = new Map();
  let current = null;

  const interval = (low, high, decimals) => (low === null || high === null ? ""
    : `${cm.number(low, decimals)}–${cm.number(high, decimals)}`);
  cm.interval = interval;

  /** Where a cluster lies and what it is, in one line. */
  cm.placeLine = (cluster) =>
    [cluster.kind, [cluster.region, cluster.district].filter(Boolean).join(" ")]
      .filter(Boolean).join(" · ");

  /** Why a cluster is not rated, in words. */
  cm.reasonOf = (cluster) => (cluster.reason
    ? cm.label(`reason.${cluster.reason}`, cluster.reason) : cm.say("page.table.unrated_why"));

  function rankCell(cluster) {
    const swatch = cm.make("i", { class: cluster.rated ? "swatch" : "swatch hollow" });
    if (cluster.rated) swatch.style.backgroundColor = cm.RAMP[cluster.scoreClass];
    const rank = cm.make("b", { text: cluster.rated ? cm.number(cluster.rank, 0) : "–" });
    return cm.make("td", { class: "rank" }, swatch, rank, cm.make("small", {
      text: cluster.rated ? interval(cluster.rankLow, cluster.rankHigh, 0) : "",
    }));
  }

  function scoreCell(cluster) {
    if (!cluster.rated) return cm.make("td", { class: "score" });
    const low = cluster.low === null ? cluster.score : cluster.low;
    const high = cluster.high === null ? cluster.score : cluster.high;
    return cm.make("td", { class: "score" },
      cm.make("b", { text: cm.number(cluster.score, 1) }),
      cm.make("small", { text: interval(cluster.low, cluster.high, 0) }),
      cm.bar("whisker", [
        { class: "range", at: low, width: Math.max(0.5, high - low) },
        { class: "dot", at: cluster.score },
      ]));
  }

  function makeRow(cluster) {
    const button = cm.make("button", { type: "button", tabindex: "-1" });
    const place = cm.make("small");
    const row = cm.make("tr", {}, rankCell(cluster),
      cm.make("th", { scope: "row" }, button, place), scoreCell(cluster));
    row.dataset.place = cluster.place;
    rows.set(cluster.place, { row, button, place, cluster });
    return row;
  }

  function nameRows() {
    for (const { button, place, cluster } of rows.values()) {
      const [name, other] = cm.names(cluster);
      button.textContent = name;
      button.title = other ? `${name}\n${other}` : name;
      place.textContent = cluster.rated ? cm.placeLine(cluster)
        : [cm.reasonOf(cluster), cm.placeLine(cluster)].filter(Boolean).join(" · ");
      place.title = place.textContent;
    }
    const { rated, unrated } = cm.state.counts;
    cm.byId("ranking-counts").textContent = cm.say("page.table.counts",
      { rated: cm.number(rated, 0), unrated: cm.number(unrated, 0) });
    const group = cm.byId("unrated-group");
    if (group) {
      group.firstChild.textContent = cm.say("page.table.unrated",
        { count: cm.number(unrated, 0) });
      group.lastChild.textContent = cm.say("page.table.unrated_why");
    }
    cm.byId("print-cut").textContent = rows.size > PRINTED
      ? cm.say("page.table.print_cut", { shown: PRINTED, count: rows.size }) : "";
  }

  function noteRow() {
    const notes = cm.payload.about.notes;
    const note = cm.byId("first-note");
    note.hidden = !notes.length;
    if (!notes.length) return;
    const more = cm.make("button", { type: "button", class: "link",
      text: cm.say("page.table.more") });
    more.addEventListener("click", () => cm.openAbout());
    note.replaceChildren(cm.make("b", { text: cm.say("page.table.read_first") }), " ",
      cm.make("span", { text: notes.map(cm.sentence).join(" ") }), " ", more);
  }

  /** Rows that a search has left, in the order of the table. */
  const walkable = () => [...rows.values()].filter((entry) => !entry.row.hidden);

  function focusOn(entry) {
    if (current) current.button.tabIndex = -1;
    current = entry;
    if (!entry) return;
    entry.button.tabIndex = 0;
  }

  function walk(event) {
    const entries = walkable();
    const here = entries.findIndex((entry) => entry.button === document.activeElement);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 10,
      PageUp: here - 10, Home: 0, End: entries.length - 1 };
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = entries[Math.max(0, Math.min(entries.length - 1, steps[event.key]))];
    focusOn(next);
    next.button.focus();
  }

  function search() {
    const wanted = cm.byId("search").value.normalize("NFC").trim().toLowerCase();
    cm.state.search = wanted;
    let found = 0;
    for (const { row, cluster } of rows.values()) {
      if (cluster.words === undefined) {
        cluster.words = [cluster.name, cluster.nameEn, cluster.kind, cluster.region,
          cluster.district].join(" ").normalize("NFC").toLowerCase();
      }
      row.hidden = !cluster.words.includes(wanted);
      found += row.hidden ? 0 : 1;
    }
    const group = cm.byId("unrated-group");
    if (group) group.parentElement.hidden = !walkable().some(({ cluster }) => !cluster.rated);
    cm.byId("search-found").textContent = !wanted ? ""
      : found ? cm.say("page.search.found", { count: cm.number(found, 0) })
        : cm.say("page.search.none");
    cm.state.drawn.rows = found;
    focusOn(walkable()[0] || null);
  }

  function markSelected() {
    for (const row of document.querySelectorAll("#ranking-table tr[aria-current]")) {
      row.removeAttribute("aria-current");
    }
    const selected = cm.selected();
    if (!selected) return;
    const entry = rows.get(selected.place);
    entry.row.setAttribute("aria-current", "true");
    focusOn(entry);
    // On a phone the table lies below the map: scrolling to the row would hide the map.
    if (!window.matchMedia("(max-width: 760px)").matches) {
      entry.row.scrollIntoView({ block: "nearest" });
    }
  }

  /** Put the keyboard back on the row of a cluster. */
  cm.focusRow = function (cluster) {
    const entry = rows.get(cluster.place);
    if (entry && !entry.row.hidden) entry.button.focus();
  };

  cm.buildRanking = function () {
    cm.byId("rated").append(...cm.model.rated.map(makeRow));
    if (cm.model.unrated.length) {
      const cell = cm.make("th", { id: "unrated-group", colspan: "3", scope: "rowgroup" },
        cm.make("b"), cm.make("small"));
      cm.byId("unrated").append(cm.make("tr", { class: "group" }, cell),
        ...cm.model.unrated.map(makeRow));
    }
    nameRows();
    noteRow();
    search();
    const table = cm.byId("ranking-table");
    table.addEventListener("keydown", walk);
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-place]");
      if (row) cm.select(cm.model.clusters[Number(row.dataset.place)].id);
    });
    table.addEventListener("mouseover", (event) => {
      const row = event.target.closest("tr[data-place]");
      cm.hover(row ? cm.model.clusters[Number(row.dataset.place)].id : null);
    });
    table.addEventListener("mouseleave", () => cm.hover(null));
    cm.byId("search").addEventListener("input", search);
    cm.on("select", markSelected);
    cm.on("language", () => {
      nameRows();
      noteRow();
      search();
    });
  };
})(window.cm);
