// The ranking: a real table, linked both ways with the map, walked with the arrow keys.
(function (cm) {
  "use strict";

  const PRINTED = 10;
  const rows = new Map();
  const groups = []; // of unrated clusters, by reason: { head, clusters }
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
    if (cluster.rated) swatch.style.backgroundColor = cm.colourOf(cluster);
    const rank = cm.make("b", { text: cluster.rated ? cm.number(cluster.rank, 0) : "–" });
    return cm.make("td", { class: "rank" }, swatch, rank, cm.make("small", {
      text: cluster.rated ? interval(cluster.rankLow, cluster.rankHigh, 0) : "",
    }));
  }

  function scoreCell(cluster) {
    if (!cluster.rated) return cm.make("td", { class: "score" }, cm.make("small"));
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
    const name = cm.make("span");
    const button = cm.make("button", { type: "button", tabindex: "-1" }, name);
    const place = cm.make("small");
    const row = cm.make("tr", {}, rankCell(cluster),
      cm.make("th", { scope: "row" }, button, place), scoreCell(cluster));
    row.dataset.place = cluster.place;
    rows.set(cluster.place, { row, button, name, place, cluster });
    return row;
  }

  function nameRows() {
    for (const { row, button, name, place, cluster } of rows.values()) {
      const [own, other] = cm.names(cluster);
      name.textContent = own;
      button.title = other ? `${own}\n${other}` : own;
      place.textContent = cm.placeLine(cluster);
      if (!cluster.rated && cluster.firms !== null) {
        row.lastChild.firstChild.textContent =
          cm.say("page.table.firms", { count: cm.number(cluster.firms, 0) });
      }
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
    for (const { head, clusters } of groups) {
      const count = cm.number(clusters.length, 0);
      head.firstChild.firstChild.textContent = cm.say("page.table.reason_count", { count });
      const reason = cm.reasonOf(clusters[0]);
      head.firstChild.lastChild.textContent = reason.charAt(0).toUpperCase() + reason.slice(1);
    }
  }

  /** Mark the rows that a sheet of paper has room for, and say how many they are. */
  cm.choosePrinted = function () {
    const found = walkable().filter(({ cluster }) => cluster.rated);
    for (const { row } of rows.values()) row.classList.remove("on-paper");
    for (const { row } of found.slice(0, PRINTED)) row.classList.add("on-paper");
    cm.byId("print-cut").textContent = cm.say("page.table.print_cut", {
      shown: cm.number(Math.min(PRINTED, found.length), 0),
      rated: cm.number(cm.state.counts.rated, 0),
      unrated: cm.number(cm.state.counts.unrated, 0) });
  };

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

  const plain = (text) => text.normalize("NFC").toLowerCase();

  // Every word must stand somewhere; spaces between syllables are written by some and not by others.
  function search() {
    const wanted = plain(cm.byId("search").value).trim();
    const words = wanted.split(/\s+/).filter(Boolean);
    cm.state.search = wanted;
    let found = 0;
    for (const { row, cluster } of rows.values()) {
      if (cluster.words === undefined) {
        cluster.words = [cluster.name, cluster.nameEn, cluster.region + cluster.district,
          cluster.kind, cluster.id].map((text) => plain(text).replace(/\s+/g, "")).join("\n");
      }
      row.hidden = !words.every((word) => cluster.words.includes(word));
      found += row.hidden ? 0 : 1;
    }
    const group = cm.byId("unrated-group");
    if (group) group.parentElement.hidden = !walkable().some(({ cluster }) => !cluster.rated);
    for (const { head, clusters } of groups) {
      head.hidden = clusters.every((cluster) => rows.get(cluster.place).row.hidden);
    }
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

  // The reason of most clusters first; within it those with the most firms.
  function unratedByReason() {
    const found = new Map();
    for (const cluster of cm.model.unrated) {
      if (!found.has(cluster.reason)) found.set(cluster.reason, []);
      found.get(cluster.reason).push(cluster);
    }
    for (const clusters of found.values()) {
      clusters.sort((a, b) => (b.firms || 0) - (a.firms || 0) || a.place - b.place);
    }
    return [...found.values()].sort((a, b) => b.length - a.length);
  }

  cm.buildRanking = function () {
    cm.byId("rated").append(...cm.model.rated.map(makeRow));
    if (cm.model.unrated.length) {
      const cell = cm.make("th", { id: "unrated-group", colspan: "3", scope: "rowgroup" },
        cm.make("b"), cm.make("small"));
      cm.byId("unrated").append(cm.make("tr", { class: "group" }, cell));
      for (const clusters of unratedByReason()) {
        const head = cm.make("tr", { class: "group reason" }, cm.make("th", {
          colspan: "3", scope: "rowgroup" }, cm.make("b"), cm.make("small")));
        groups.push({ head, clusters });
        cm.byId("unrated").append(head, ...clusters.map(makeRow));
      }
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
