// The ranking: a real table, linked both ways with the map, walked with the arrow keys. Only the
// rows in sight stand in the page, so that a nation is drawn anew with every step of a slider.
cm.run(function (cm) {
  "use strict";

  const PRINTED = 10;
  const PRINTED_CHOICE = 80; // rows of a selection, headings too
  const SPARE = 6; // rows above and below those in sight
  let entries = []; // { cluster } or { head, note, status }, in the order of the table
  let current = null; // place of the cluster that the keyboard is on
  let drawn = { from: 0, to: 0 };
  let rowHeight = 0;

  const interval = (low, high, decimals) => (low === null || high === null ? ""
    : `${cm.number(low, decimals)}–${cm.number(high, decimals)}`);
  cm.interval = interval;

  /** Where a cluster lies and what it is, in one line. */
  cm.placeLine = (cluster) =>
    [cluster.kind, [cluster.region, cluster.district].filter(Boolean).join(" ")]
      .filter(Boolean).join(" · ");

  /** Why a cluster is not rated, in words. */
  cm.reasonOf = (cluster) => (cm.state.weights && /too_few_parts$/.test(cluster.reason)
    ? cm.say("page.weights.unrated") : cluster.reason ? cm.label(`reason.${cluster.reason.replace(/^reason\./, "")}`, cluster.reason)
    : cm.say("page.table.unrated_why"));

  function rankCell(cluster) {
    const swatch = cm.make("i", { class: cluster.rated ? "swatch" : "swatch hollow" });
    if (cluster.rated) swatch.style.backgroundColor = cm.colourOf(cluster);
    const rank = cm.make("b", { text: cluster.rated ? cm.number(cluster.rank, 0) : "–" });
    return cm.make("td", { class: "rank" }, swatch, rank, cm.make("small", {
      text: cluster.rated ? interval(cluster.rankLow, cluster.rankHigh, 0) : "",
    }));
  }

  function scoreCell(cluster) {
    if (!cluster.rated) {
      return cm.make("td", { class: "score" }, cm.make("small", { text: cluster.firms === null ? ""
        : cm.say("page.table.firms", { count: cm.number(cluster.firms, 0) }) }));
    }
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

  // Of a selection: the mark, the place by value for money, and the rank beside it.
  function choiceRank(cluster) {
    const order = cm.isSplit() ? null : cm.portfolio().order[cluster.place];
    const rank = cluster.rated
      ? cm.say("page.choice.rank_small", { rank: cm.number(cluster.rank, 0) }) : "";
    return cm.make("td", { class: "rank" }, cm.statusMark(cm.statusOf(cluster)),
      order === null ? null : cm.make("b", { text: cm.number(order, 0) }),
      cm.make("small", { text: rank }), " ", cm.make("small", {
        text: cluster.rated ? interval(cluster.rankLow, cluster.rankHigh, 0) : "" }));
  }

  // Of the money now: how sure it is that a cluster is chosen, or not.
  function surely(cluster) {
    if (cm.state.question !== "current" || cm.statusOf(cluster) === "none") return "";
    const status = cm.ownStatus(cm.payload.decision.portfolios[0], cluster.place);
    return cm.say(`page.choice.short.${status}`);
  }

  function moneyCell(cluster) {
    const money = cm.money(cm.moneyOf(cluster.place));
    const { cost } = cm.payload.decision;
    const share = cost[cluster.place] ? cm.moneyOf(cluster.place) / cost[cluster.place] : 1;
    if (cm.statusOf(cluster) === "barred") return cm.make("td", { class: "score" });
    return cm.make("td", { class: "score money" }, cm.make("b", { text: money, title: money }),
      cm.bar("whisker", [{ class: "range", at: 0, width: Math.min(100, Math.max(0.5, 100 * share)) }]),
      cm.make("small", { text: [cm.wholePercent(share), surely(cluster)].filter(Boolean)
        .join(" · ") }));
  }

  function choiceCell(cluster) {
    if (cm.isSplit()) return moneyCell(cluster);
    const portfolio = cm.portfolio();
    const { place } = cluster;
    const share = portfolio.inclusion[place];
    const cell = cm.make("td", { class: "score money" },
      cm.make("b", { text: cm.say(`page.choice.short.${cm.statusOf(cluster)}`) }));
    if (cm.stop().own && share !== null && cm.statusOf(cluster) !== "barred") {
      const low = 100 * (portfolio.low[place] || 0);
      const high = 100 * (portfolio.high[place] || 0);
      cell.append(" ", cm.bar("whisker", [
        { class: "range", at: low, width: Math.max(0.5, high - low) },
        { class: "dot", at: 100 * share }]), cm.make("small", { text: cm.wholePercent(share) }));
    }
    return cell;
  }

  function choicePlace(cluster) {
    const cost = cm.payload.decision.cost[cluster.place];
    const had = cm.state.question === "selected" && cm.stop().dropped.has(cluster.place);
    return [had ? cm.say("page.choice.had") : "",
      cost === null ? "" : cm.say("page.choice.cost", { cost: cm.money(cost) }),
      cm.placeLine(cluster)].filter(Boolean).join(" · ");
  }

  function clusterRow(cluster, at) {
    const [own, other] = cm.names(cluster);
    const button = cm.make("button", { type: "button", tabindex: "-1",
      title: other ? `${own}\n${other}` : own }, cm.make("span", { text: own }));
    const choosing = cm.isChoosing();
    const place = choosing ? choicePlace(cluster) : cm.placeLine(cluster);
    const row = cm.make("tr", { "aria-rowindex": at + 2 },
      choosing ? choiceRank(cluster) : rankCell(cluster),
      cm.make("th", { scope: "row" }, button, cm.make("small", { text: place, title: place })),
      choosing ? choiceCell(cluster) : scoreCell(cluster));
    row.dataset.place = cluster.place;
    if (cm.state.selected === cluster.id) row.setAttribute("aria-current", "true");
    return row;
  }

  function headRow(entry, at) {
    const head = cm.make("th", { colspan: "3", scope: "rowgroup" },
      cm.make("b", { text: entry.head }), cm.make("small", { text: entry.note, title: entry.note }));
    return cm.make("tr", { class: "group", "aria-rowindex": at + 2 }, head);
  }

  const rowOf = (entry, at) => (entry.cluster ? clusterRow(entry.cluster, at)
    : headRow(entry, at));

  function spacer(rows) {
    const row = cm.make("tr", { class: "spacer", "aria-hidden": "true" }, cm.make("td", { colspan: "3" }));
    row.firstChild.style.height = `${rows * rowHeight}px`;
    return row;
  }

  // Which rows lie in the window, wherever the page is scrolled: on phones the whole page is.
  function inSight() {
    const body = cm.byId("rows").getBoundingClientRect();
    const frame = cm.byId("ranking-scroll").getBoundingClientRect();
    const top = Math.max(0, frame.top);
    const bottom = Math.min(window.innerHeight, Math.max(frame.bottom, frame.top + 1));
    const from = Math.floor((top - body.top) / rowHeight) - SPARE;
    const to = Math.ceil((bottom - body.top) / rowHeight) + SPARE;
    return { from: Math.max(0, Math.min(entries.length, from)),
      to: Math.max(0, Math.min(entries.length, to)) };
  }

  function placeUnderKeyboard() {
    const row = document.activeElement && document.activeElement.closest("#rows tr[data-place]");
    return row ? Number(row.getAttribute("data-place")) : null;
  }

  function drawRows(range) {
    drawn = range;
    const keep = placeUnderKeyboard();
    const rows = entries.slice(range.from, range.to)
      .map((entry, at) => rowOf(entry, range.from + at));
    cm.byId("rows").replaceChildren(...(range.from ? [spacer(range.from)] : []), ...rows,
      ...(range.to < entries.length ? [spacer(entries.length - range.to)] : []));
    setTabStop();
    if (keep !== null) focusOn(keep);
  }

  const buttonOf = (place) => cm.find(`#rows tr[data-place="${place}"] button`)[0] || null;

  // One row can be reached with the tab key; the arrow keys lead to the others.
  function setTabStop() {
    const button = (current !== null && buttonOf(current))
      || cm.find("#rows tr[data-place] button")[0];
    if (button) button.tabIndex = 0;
  }

  function focusOn(place) {
    for (const button of cm.find("#rows button[tabindex='0']")) button.tabIndex = -1;
    current = place;
    setTabStop();
    const button = buttonOf(place);
    if (button) button.focus({ preventScroll: true });
  }

  const indexOf = (place) => entries.findIndex((entry) =>
    entry.cluster && entry.cluster.place === place);

  // Bring a row into the frame of the table, or of the window where the whole page is scrolled.
  function scrollTo(at) {
    const frame = cm.byId("ranking-scroll");
    const inner = frame.scrollHeight > frame.clientHeight + 1
      && getComputedStyle(frame).overflowY !== "visible";
    const head = cm.byId("ranking-table").tHead.offsetHeight;
    if (inner) {
      const top = at * rowHeight;
      if (top < frame.scrollTop) frame.scrollTop = top;
      else if (top + rowHeight + head > frame.scrollTop + frame.clientHeight) {
        frame.scrollTop = top + rowHeight + head - frame.clientHeight;
      }
    } else {
      const top = cm.byId("rows").getBoundingClientRect().top + at * rowHeight;
      if (top < 0 || top + rowHeight > window.innerHeight) {
        window.scrollBy(0, top - window.innerHeight / 2);
      }
    }
    drawRows(inSight());
  }

  const isWide = () => !window.matchMedia("(max-width: 760px)").matches;

  function walk(event) {
    const place = placeUnderKeyboard();
    if (place === null) return;
    const here = indexOf(place);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 10,
      PageUp: here - 10, Home: 0, End: entries.length - 1 };
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    let next = Math.max(0, Math.min(entries.length - 1, steps[event.key]));
    // Over a heading; where none but a heading is left, back to the last cluster.
    const onwards = steps[event.key] < here ? -1 : 1;
    while (entries[next] && !entries[next].cluster) next += onwards;
    if (!entries[next]) next = entries.findIndex((entry) => entry.cluster);
    scrollTo(next);
    focusOn(entries[next].cluster.place);
  }

  // Clusters by whether they are chosen, a heading over each group.
  function orderByChoice() {
    const left = cm.findClusters(cm.model.clusters);
    const near = new Map(left.map((cluster, at) => [cluster, at]));
    const searched = Boolean(cm.state.search.trim());
    entries = [];
    for (const { status, clusters } of cm.choiceGroups()) {
      const found = clusters.filter((cluster) => near.has(cluster));
      if (searched) found.sort((a, b) => near.get(a) - near.get(b));
      if (!found.length) continue;
      const word = cm.statusWord(status);
      const head = cm.say("page.choice.group", { count: cm.number(found.length, 0),
        word: word.charAt(0).toUpperCase() + word.slice(1) });
      entries.push({ status, head, note: cm.statusNote(status) },
        ...found.map((cluster) => ({ cluster, status })));
    }
    const rated = left.filter((cluster) => cluster.rated).length;
    return { rated, unrated: left.length - rated, searched };
  }

  // Rated clusters in their order; those that are not rated only where they are looked for.
  function order() {
    if (cm.isChoosing()) return orderByChoice();
    const searched = Boolean(cm.state.search.trim());
    const rated = cm.findClusters(cm.model.rated);
    // Who asks for those below wants the lowest first.
    if (cm.state.filters.standing === "below" && !searched) rated.reverse();
    const unrated = searched || cm.isFiltered() ? cm.findClusters(cm.model.unrated) : [];
    entries = rated.map((cluster) => ({ cluster }));
    if (unrated.length) {
      entries.push({ cluster: null, note: cm.say("page.table.unrated_why"),
        head: cm.say("page.table.unrated", { count: cm.number(unrated.length, 0) }) },
      ...unrated.map((cluster) => ({ cluster })));
    }
    return { rated: rated.length, unrated: unrated.length, searched };
  }

  function tellCounts({ rated, unrated, searched }) {
    const { counts } = cm.state;
    cm.byId("ranking-counts").textContent = cm.say("page.table.counts",
      { rated: cm.number(counts.rated, 0), unrated: cm.number(counts.unrated, 0) });
    const narrowed = searched || cm.isFiltered();
    const count = rated + unrated;
    cm.byId("search-found").textContent = !narrowed ? ""
      : count ? cm.say("page.search.found", { count: cm.number(count, 0) })
        : cm.say("page.search.none");
    cm.byId("none-rated").hidden = counts.rated > 0;
    cm.byId("ranking-table").setAttribute("aria-rowcount", String(entries.length + 1));
    cm.state.drawn.rows = count;
  }

  function tellNotes() {
    const { notes } = cm.payload.about;
    const note = cm.byId("first-note");
    note.hidden = !notes.length;
    if (!notes.length) return;
    const more = cm.make("button", { type: "button", class: "link",
      text: cm.say("page.table.more") });
    more.addEventListener("click", () => cm.openAbout());
    note.replaceChildren(cm.make("b", { text: cm.say("page.table.read_first") }), " ",
      cm.make("span", { text: notes.map(cm.sentence).join(" ") }), " ", more);
  }

  const HEADS = ["head-first", "head-first-small", "head-last", "head-last-small",
    "ranking-caption"];
  const SCORE_WORDS = ["page.table.rank", "page.table.interval", "page.table.score",
    "page.table.interval", "page.table.caption"];

  // What the columns hold; `data-word` follows the language by itself.
  function tellHeads() {
    const split = cm.isSplit();
    const words = !cm.isChoosing() ? SCORE_WORDS : [
      split ? "page.table.rank" : "page.choice.column_order",
      split ? "page.table.interval" : "page.choice.column_rank",
      split ? "page.choice.column_money" : "page.choice.column",
      split ? "page.choice.column_need" : "page.choice.column_share",
      "page.choice.caption"];
    HEADS.forEach((id, at) => {
      cm.byId(id).dataset.word = words[at];
      cm.byId(id).textContent = cm.say(words[at]);
    });
  }

  cm.drawRanking = function () {
    cm.drawAnswer();
    cm.drawChoice();
    tellHeads();
    tellCounts(order());
    if (!rowHeight) {
      drawRows({ from: 0, to: Math.min(2, entries.length) }); // the first may be a heading
      const row = document.querySelector("#rows tr[data-place]");
      rowHeight = row ? row.getBoundingClientRect().height : 0;
      if (!rowHeight) return;
    }
    drawRows(inSight());
  };

  /** Clusters that the table shows now, in its order. */
  cm.tableClusters = () => entries.map((entry) => entry.cluster).filter(Boolean);

  /** Draw the rows that a sheet of paper has room for, and say how many they are. */
  cm.drawPrinted = function () {
    if (cm.isChoosing()) {
      drawPrintedChoice();
      return;
    }
    const found = cm.tableClusters().filter((cluster) => cluster.rated);
    drawRows({ from: 0, to: Math.min(PRINTED, found.length) });
    for (const row of document.querySelectorAll("#rows .spacer")) row.remove();
    const values = { shown: cm.number(Math.min(PRINTED, found.length), 0),
      found: cm.number(found.length, 0), rated: cm.number(cm.state.counts.rated, 0),
      unrated: cm.number(cm.state.counts.unrated, 0), what: cm.conditions() };
    cm.byId("print-cut").textContent = cm.say(values.what ? "page.table.print_found"
      : "page.table.print_cut", values);
  };

  // On paper a selection stands whole, with those between which the data do not decide.
  function drawPrintedChoice() {
    const told = (entry) => cm.isSplit() && !["none", "barred"].includes(entry.status) || cm.isChosen(entry.status)
      || entry.status === "open";
    let to = 0;
    while (to < entries.length && to < PRINTED_CHOICE && told(entries[to])) to += 1;
    if (!to) to = Math.min(PRINTED, entries.length);
    drawRows({ from: 0, to });
    for (const row of document.querySelectorAll("#rows .spacer")) row.remove();
    const shown = entries.slice(0, to).filter((entry) => entry.cluster).length;
    cm.byId("print-cut").textContent = cm.say("page.choice.print", {
      shown: cm.number(shown, 0), found: cm.number(cm.tableClusters().length, 0),
      ask: [cm.questionName(), cm.conditions()].filter(Boolean).join(" · ") });
  }

  /** Put the keyboard back on the row of a cluster. */
  cm.focusRow = function (cluster) {
    const at = indexOf(cluster.place);
    if (at < 0 || cm.state.view !== "ranking") return;
    scrollTo(at);
    focusOn(cluster.place);
  };

  function showSelected() {
    const selected = cm.selected();
    if (cm.state.view !== "ranking") return;
    const at = selected ? indexOf(selected.place) : -1;
    if (selected && at >= 0) current = selected.place;
    // On a phone the table lies below the map: scrolling to the row would hide the map.
    if (at >= 0 && isWide()) scrollTo(at);
    else drawRows(drawn);
  }

  let asked = false;

  function follow() {
    if (asked || cm.state.view !== "ranking") return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const range = inSight();
      if (range.from !== drawn.from || range.to !== drawn.to) drawRows(range);
    });
  }

  cm.buildRanking = function () {
    tellNotes();
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
    cm.byId("ranking-scroll").addEventListener("scroll", follow, { passive: true });
    window.addEventListener("scroll", follow, { passive: true });
    window.addEventListener("resize", () => {
      rowHeight = 0;
      if (cm.state.view === "ranking") cm.drawRanking();
    });
    // From the search the arrow leads into the table, and Enter opens the first cluster.
    cm.byId("search").addEventListener("keydown", (event) => {
      const [first] = cm.tableClusters();
      if (!first || !["Enter", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      cm.show("ranking");
      if (event.key === "Enter") cm.select(first.id);
      else cm.focusRow(first);
    });
    cm.on("select", showSelected);
    cm.on("language", tellNotes);
  };

  cm.addView("ranking", cm.drawRanking);
});
