// The card of the selected cluster: what it is, its rank, what explains it, its links.
cm.run(function (cm) {
  "use strict";

  const LINK_COLUMNS = ["internal_links", "external_links", "abroad_links", "local_share",
    "ei_index", "participation"];
  const HEADS = ["internal", "external", "abroad_links", "local_share", "ei_index",
    "participation"];
  const IN_HEADER = ["firms", "employees"];
  const INSTITUTES = 8;

  const { quiet, part, table } = cm;

  function unitOf(indicator) {
    if (isShare(indicator)) return "";
    return cm.knows(`indicator.${indicator}.unit`) ? cm.say(`indicator.${indicator}.unit`)
      : cm.knows(`page.unit.${indicator}`) ? cm.say(`page.unit.${indicator}`) : "";
  }

  const nameOf = (indicator) =>
    cm.label(`indicator.${indicator}.label`, `page.label.${indicator}`);
  const meaningOf = (indicator) => (cm.knows(`indicator.${indicator}.meaning`)
    ? cm.say(`indicator.${indicator}.meaning`) : null);

  // Shares are written in percent; the unit of anything else stands beside its name.
  function isShare(indicator) {
    const unit = (cm.payload.words.indicator || {})[`${indicator}.unit`];
    return unit ? unit.en === "share" : ["local_share", "participation"].includes(indicator);
  }

  const write = (indicator, value) =>
    (isShare(indicator) ? cm.percent(value) : cm.number(value));

  /** One value of a column: the number, or why there is none. */
  function valueCell(column, place, plain) {
    const cell = cm.make("td", { class: "number" });
    const note = column ? column.notes[place] : undefined;
    const value = column ? column.value[place] : null;
    if (value !== null) {
      cell.textContent = write(column.indicator, value);
      if (column.low && column.low[place] !== null && column.high && column.high[place] !== null) {
        cell.title = `${cm.say("page.table.interval")} ${
          cm.interval(column.low[place], column.high[place])}`;
      }
    } else if (note === "suppressed") {
      cell.className = "number withheld";
      cell.textContent = cm.say(plain ? "page.withheld_short" : "page.withheld_long");
      cell.title = cm.say("page.withheld_long");
    } else {
      cell.className = "number missing";
      cell.textContent = plain ? "–" : cm.say("page.unknown");
    }
    if (note && note !== "suppressed") cell.title = cm.label(`note.${note}`, note);
    return cell;
  }

  const columns = (test) => cm.payload.indicators.filter(test);

  function head(cluster) {
    const [name, other] = cm.names(cluster);
    const close = cm.make("button", { type: "button", class: "close", id: "close-card",
      "aria-label": cm.say("page.close"), text: "×" });
    close.addEventListener("click", () => closeCard());
    const near = cluster.located ? cm.make("button", { type: "button", class: "tool near",
      text: cm.say("page.card.near") }) : null;
    if (near) near.addEventListener("click", () => cm.goNear(cluster));
    return cm.make("header", {}, close, cm.make("h2", { id: "card-name", text: name }),
      other ? cm.make("p", { class: "other-name", text: other }) : null,
      cm.make("p", { class: "quiet", text: cm.placeLine(cluster) }), near);
  }

  function confidenceMeaning() {
    const { width, span } = cm.payload.rules.confidence;
    const share = (value) => cm.number(100 * value, 0);
    return cm.say("page.card.confidence_meaning", { width: width[0], span: share(span[0]),
      wider: width[1], wide: share(span[1]) });
  }

  function rankLine(cluster) {
    const swatch = cm.make("i", { class: "swatch", "aria-hidden": "true" });
    swatch.style.backgroundColor = cm.colourOf(cluster);
    const interval = cluster.rankLow === null ? "" : cm.say("page.card.rank_interval", {
      low: cm.number(cluster.rankLow, 0), high: cm.number(cluster.rankHigh, 0) });
    return cm.make("div", { class: "verdict" }, swatch,
      cm.make("b", { id: "card-rank", text: cm.say("page.card.rank", {
        rank: cm.number(cluster.rank, 0), count: cm.number(cm.state.counts.rated, 0) }) }),
      cm.make("small", { text: interval }),
      cluster.confidence ? cm.make("span", { id: "confidence",
        class: `chip ${cluster.confidence}`, title: confidenceMeaning(), text: cm.say("page.card.confidence",
          { word: cm.say(`confidence.${cluster.confidence}`) }) }) : null);
  }

  /** What a planner sees at first glance: rank, three axes, one word of confidence, three reasons. */
  function glance(cluster) {
    if (!cluster.rated) {
      return part(cm.make("div", { class: "verdict" },
        cm.make("i", { class: "swatch hollow", "aria-hidden": "true" }),
        cm.make("b", { text: cm.say("page.card.unrated") })),
      cm.make("p", { class: "reason", text: cm.reasonOf(cluster) }),
      quiet(cm.say("page.table.unrated_why")), cm.axes(cluster));
    }
    const own = cm.threeReasons(cluster);
    return part(rankLine(cluster), cm.axes(cluster), own.length
      ? cm.make("ul", { class: "reasons", id: "three" }, ...own) : null);
  }

  const opened = new Set(); // folds that the reader has opened stay open for the next cluster
  let choosing = false;

  /** A part of the card one click deeper; nothing where it has no content. */
  function fold(key, hint, ...children) {
    const content = children.filter(Boolean);
    if (!content.length) return null;
    const id = `fold-${key}`;
    return cm.make("details", { id, open: opened.has(id) },
      cm.make("summary", {}, cm.make("h3", { text: cm.say(`page.card.fold.${key}`) }),
        hint ? cm.make("small", { text: hint }) : null), ...content);
  }

  /** Read which folds stand open before they are drawn anew: the event "toggle" comes later than the click. */
  function rememberFolds() {
    for (const details of cm.find("#card details")) {
      if (details.open) opened.add(details.id);
      else opened.delete(details.id);
    }
  }

  function explanation(cluster) {
    const told = cm.payload.explanations[cluster.place];
    if (!told.length) return null;
    const own = cm.state.weights !== null || cm.state.scenario !== cm.payload.scenarios[0].name;
    return cm.make("div", {}, own ? quiet(cm.say("page.card.why_own",
      { profile: cm.profileName(cm.payload.scenarios[0]) })) : null,
    cm.make("ul", { class: "reasons" },
      ...told.map((one) => cm.make("li", { text: cm.sentence(one) }))));
  }

  function links(cluster) {
    const present = cm.payload.kinds.filter((kind) => cm.payload.indicators.some((column) =>
      column.kind === kind && LINK_COLUMNS.includes(column.indicator)));
    const own = LINK_COLUMNS.filter((key) => columns((column) =>
      column.indicator === key && column.kind).length);
    if (!present.length) return null;
    const rows = present.map((kind) => {
      const dot = cm.make("i", { class: "kind-dot", "aria-hidden": "true" });
      dot.style.backgroundColor = cm.FLOW_COLOURS[kind];
      return cm.make("tr", {}, cm.make("th", { scope: "row" }, dot, cm.label(`kind.${kind}`)),
        ...own.map((key) => valueCell(columns((column) =>
          column.indicator === key && column.kind === kind)[0], cluster.place, true)));
    });
    const heads = own.map((key) => cm.say(`page.card.${HEADS[LINK_COLUMNS.indexOf(key)]}`));
    return part(cm.subheading(cm.say("page.card.links")),
      table([cm.say("page.card.kind"), ...heads], rows, "links"),
      quiet(cm.say("page.card.links_note")));
  }

  function profileRow(label, unit, cell, median, meaning) {
    return cm.make("tr", { title: meaning }, cm.make("th", { scope: "row" }, label,
      unit ? cm.make("small", { class: "unit", text: unit }) : null), cell,
      cm.make("td", { class: "number quiet", text: median }));
  }

  function sizeCell(value) {
    const cell = cm.make("td", { class: "number" });
    cell.textContent = value === null ? cm.say("page.unknown") : cm.number(value);
    if (value === null) cell.classList.add("missing");
    return cell;
  }

  function profile(cluster) {
    const rows = [];
    if (cluster.area !== null) {
      rows.push(profileRow(cm.say("page.card.area"), unitOf("area"), sizeCell(cluster.area),
        "", null));
    }
    const plain = columns((column) => !column.kind && !column.industry);
    for (const key of IN_HEADER) {
      if (!plain.some((column) => column.indicator === key)) {
        rows.push(profileRow(nameOf(key), unitOf(key), sizeCell(cluster[key]), "", null));
      }
    }
    // Link measures over all kinds stand with the rest of what is known of the whole cluster.
    for (const column of plain) {
      rows.push(profileRow(nameOf(column.indicator), unitOf(column.indicator),
        valueCell(column, cluster.place, false),
        column.median === null ? "" : write(column.indicator, column.median),
        meaningOf(column.indicator)));
    }
    const shown = table([cm.say("page.card.measure"), cm.say("page.card.value"),
      cm.say("page.card.median_short")], rows);
    const industries = cluster.industries.map(cm.industryName).join(", ");
    return cm.make("div", {}, shown, industries
      ? quiet(`${cm.say("page.card.designated")}: ${industries}`) : null);
  }

  function industries(cluster) {
    const own = columns((column) => column.industry
      && (column.value[cluster.place] !== null || column.notes[cluster.place]));
    if (!own.length) return null;
    const keys = [...new Set(own.map((column) => column.indicator))];
    const named = [...new Set(own.map((column) => column.industry))];
    const find = (key, industry) => own.find((column) =>
      column.indicator === key && column.industry === industry);
    const rank = (industry) => {
      const column = find("location_quotient", industry) || find(keys[0], industry);
      return column ? column.value[cluster.place] || 0 : 0;
    };
    named.sort((a, b) => rank(b) - rank(a));
    const rows = named.map((industry) => cm.make("tr", {},
      cm.make("th", { scope: "row", text: cm.industryName(industry) }),
      ...keys.map((key) => valueCell(find(key, industry), cluster.place, true))));
    return part(cm.subheading(cm.say("page.card.industries")),
      table([cm.say("page.card.industry"), ...keys.map(nameOf)], rows));
  }

  function institutes(cluster) {
    const own = cm.model.institutes.filter((one) => one.cluster === cluster.place);
    if (!own.length) return null;
    const items = own.slice(0, INSTITUTES).map((one) => cm.make("li", {},
      cm.make("span", { class: "user", text: one.name || cm.say("page.unnamed") }),
      cm.make("small", { text: cm.label(`type.${cm.payload.types[one.type]}`) }),
      cm.bodyLine(one) ? cm.make("p", { class: "institute-reach", text: cm.bodyLine(one) }) : null));
    return fold("institutes", cm.number(own.length, 0), cm.make("ul", { class: "plain" }, ...items),
      own.length > INSTITUTES
        ? quiet(cm.say("page.card.more", { count: own.length - INSTITUTES })) : null);
  }

  cm.drawCard = function () {
    const card = cm.byId("card");
    const cluster = cm.selected();
    const before = card.dataset.cluster;
    rememberFolds();
    card.hidden = !cluster;
    document.body.classList.toggle("has-card", Boolean(cluster));
    if (!cluster) {
      card.replaceChildren();
      delete card.dataset.cluster;
      return;
    }
    const top = before === cluster.id ? card.scrollTop : 0;
    // Who asks for a selection wants to see why; what is folded then stays folded.
    if (cm.isChoosing() && !choosing) opened.add("fold-choice");
    choosing = cm.isChoosing();
    card.dataset.cluster = cluster.id;
    const choice = fold("choice", cm.choiceHint(cluster), cm.choicePart(cluster));
    const sections = [head(cluster), cm.isChoosing() ? choice : null, glance(cluster),
      cm.flagPart(cluster), cm.isChoosing() ? null : choice,
      fold(cluster.rated ? "why" : "known", "", explanation(cluster)),
      ...cm.adviceFolds(cluster).map(([key, hint, ...content]) => fold(key, hint, ...content)),
      fold("parts", "", cm.scoreParts(cluster)),
      fold("flows", "", cm.ratioPart(cluster), links(cluster)),
      fold("partners", "", ...cm.partnerParts(cluster)),
      fold("brokers", "", cm.brokerPart(cluster)),
      fold("open", ...cm.openPart(cluster)),
      fold("profiles", "", cm.otherRanks(cluster)),
      fold("size", "", profile(cluster), industries(cluster)),
      institutes(cluster)];
    card.replaceChildren(...sections.filter(Boolean));
    card.scrollTop = top;
  };

  /** Open every fold, for paper; gives back what closes them again. */
  cm.unfoldCard = function () {
    const closed = cm.find("#card details:not([open])");
    for (const details of closed) details.open = true;
    return () => {
      for (const details of closed) details.open = false;
    };
  };

  function closeCard() {
    const cluster = cm.selected();
    cm.select(null);
    if (cluster) cm.focusRow(cluster);
  }
  cm.closeCard = closeCard;
});
