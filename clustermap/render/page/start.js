// Puts the page together and says when it is ready.
cm.run(function (cm) {
  "use strict";

  const map = cm.map;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function wholeBounds() {
    const located = cm.model.clusters.filter((cluster) => cluster.located);
    if (!located.length) return null;
    return L.latLngBounds(located.map((cluster) => [cluster.lat, cluster.lon])).pad(0.01);
  }

  function showWhole() {
    const bounds = wholeBounds();
    // The legend lies over the left of a wide map.
    const wide = map.getSize().x > 760;
    const legend = wide ? cm.byId("legend").offsetWidth + 20 : 0;
    const card = wide && !cm.byId("card").hidden ? cm.byId("card").offsetWidth : 0;
    if (bounds) {
      map.fitBounds(bounds, { animate: false, maxZoom: 12,
        paddingTopLeft: [10 + legend, 10], paddingBottomRight: [10 + card, 10] });
    }
    cm.wholeZoom = map.getZoom();
  }

  function paint(context, view) {
    cm.drawClusters(context, view);
    cm.drawFlows(context, view);
    cm.drawMissing(context, view);
    cm.drawInstitutes(context, view);
    cm.drawRegionNames(context, view);
    cm.drawNames(context, view);
    cm.drawMissingNames(context, view);
  }

  const picture = new cm.Canvas(paint, { pane: "overlayPane" });
  // The mark under the pointer changes often: it has a layer of its own, so that nothing else is
  // drawn anew for it.
  const marks = new cm.Canvas((context, view) => {
    cm.drawMarks(context, view);
    // The browser copies a picture with every frame, be it empty.
    marks._container.style.display = cm.selected() || cm.state.hovered !== null ? "" : "none";
  }, { pane: "shadowPane" });
  let asked = false;

  cm.redraw = function () {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      picture.repaint();
    });
  };

  const tip = cm.byId("tip");

  // How many firms there are around a point, where that may be told.
  function densityLines(point) {
    const here = cm.payload.density ? cm.densityAt(point) : null;
    if (!here) return null;
    const values = { count: cm.number(here.firms, 0), km2: cm.number(here.km2) };
    return [cm.say("page.legend.density_here", values), cm.state.industry
      ? cm.industryName(cm.state.industry) : cm.say("page.legend.density_all")];
  }

  function tipLines(point) {
    const institute = cm.state.shown.institutes ? cm.instituteAt(point) : null;
    if (institute) {
      const type = cm.label(`type.${cm.payload.types[institute.type]}`);
      const vague = institute.precision ? ` · ${cm.say("page.map.precision",
        { metres: cm.number(institute.precision, 0) })}` : "";
      return [institute.name || cm.say("page.unnamed"), [type + vague, cm.bodyLine(institute)]
        .filter(Boolean).join(" · ")];
    }
    const firm = cm.firmAt(point);
    if (firm !== null) return [firm || cm.say("page.unnamed"), cm.label("type.firm")];
    const cluster = cm.clusterAt(point);
    cm.hover(cluster ? cluster.id : null);
    if (cluster) return cm.clusterLines(cluster);
    const missing = cm.missingAt(point);
    if (missing) return cm.missingLines(missing);
    const pair = cm.flowAt(point);
    return pair ? pairLines(pair) : densityLines(point);
  }

  function pairLines(pair) {
    const names = [pair.source, pair.target].map((place) => cm.names(cm.model.clusters[place])[0]);
    const excess = cm.excessOf(pair);
    const links = cm.say("page.map.links", { count: cm.number(cm.linksOf(pair) || 0, 0) });
    return [names.join(" – "), [cm.label(`kind.${cm.payload.kinds[pair.kind]}`), links,
      excess === null ? "" : cm.say("page.map.excess", { count: cm.number(excess, 1) })]
      .filter(Boolean).join(" · ")];
  }

  /** Name, rank and score of a cluster, for a tip. */
  cm.clusterLines = (cluster) => [cm.names(cluster)[0], cm.isChoosing()
    ? cm.choiceLine(cluster) : cluster.rated
    ? `${cm.say("page.table.rank")} ${cm.number(cluster.rank, 0)} (${
      cm.interval(cluster.rankLow, cluster.rankHigh, 0)}) · ${
      cm.say("page.table.score")} ${cm.number(cluster.score, 1)}`
    : cm.say("page.card.unrated")];

  /** Go near enough to a cluster to see its outline and its neighbours. */
  cm.goNear = function (cluster) {
    const zoom = Math.max(map.getZoom(), 12);
    const room = roomForMap();
    const shift = L.point((room.left + room.right) / 2, (room.top + room.bottom) / 2)
      .subtract(map.getSize().divideBy(2));
    const centre = map.project([cluster.lat, cluster.lon], zoom).subtract(shift);
    map.setView(map.unproject(centre, zoom), zoom, { animate: !still });
    if (!isWide()) window.scrollTo(0, 0); // on phones the map may be out of sight
  };

  /** Show two lines beside a point of the window; none hides them. */
  cm.showLines = function (lines, x, y) {
    tip.hidden = !lines;
    if (!lines) return;
    tip.replaceChildren(cm.make("b", { text: cm.cut(lines[0], 60) }),
      cm.make("span", { text: lines[1] }));
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(4, Math.min(x + 14, window.innerWidth - width - 8))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > window.innerHeight
      ? y - tip.offsetHeight - 10 : y + 16}px`;
  };

  function showTip(event) {
    const lines = tipLines(event.containerPoint);
    map.getContainer().style.cursor = lines && cm.state.hovered !== null ? "pointer" : "";
    const corner = map.getContainer().getBoundingClientRect();
    cm.showLines(lines, corner.left + event.containerPoint.x,
      corner.top + event.containerPoint.y);
  }

  function hideTip() {
    tip.hidden = true;
    cm.hover(null);
  }

  const isWide = () => window.matchMedia("(min-width: 761px)").matches;

  /** The part of the map that nothing lies over, in pixels of the map. */
  function roomForMap() {
    const frame = map.getContainer().getBoundingClientRect();
    const card = cm.byId("card").getBoundingClientRect();
    const legend = cm.byId("legend");
    const room = { left: 0, top: 0, right: frame.width, bottom: frame.height };
    if (cm.byId("card").hidden) return room;
    if (isWide()) {
      room.right = Math.max(80, card.left - frame.left);
      if (cm.byId("legend-fold").open) {
        room.left = Math.min(legend.offsetWidth + 28, room.right / 2);
      }
    } else {
      room.bottom = Math.max(80, Math.min(frame.height, card.top - frame.top));
    }
    return room;
  }

  // The selected cluster stays in sight, where neither the legend nor the card lies over the map.
  function bringIntoView() {
    const cluster = cm.selected();
    if (!cluster || !cluster.located) return;
    const room = roomForMap();
    const point = cm.containerPoint(cluster.x, cluster.y);
    const marginX = Math.min(110, (room.right - room.left) / 3);
    const marginY = Math.min(70, (room.bottom - room.top) / 3);
    const inX = Math.max(room.left + marginX, Math.min(room.right - marginX, point.x));
    const inY = Math.max(room.top + marginY, Math.min(room.bottom - marginY, point.y));
    const by = [Math.round(point.x - inX), Math.round(point.y - inY)];
    if (!by[0] && !by[1]) return;
    if (!before) before = { centre: map.getCenter(), zoom: map.getZoom() };
    map.panBy(by, { animate: !still });
  }

  // The map as it was before cards moved it; gone as soon as the reader moves it.
  let before = null;

  function putBack() {
    if (cm.selected() || !before) return;
    map.setView(before.centre, before.zoom, { animate: !still });
    before = null;
  }

  // Nearer or farther around the selected cluster where it is in sight, else around the middle.
  function zoomBy(step) {
    const cluster = cm.selected();
    const zoom = Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), map.getZoom() + step));
    if (cluster && cluster.located) {
      const point = cm.containerPoint(cluster.x, cluster.y);
      const size = map.getSize();
      if (point.x >= 0 && point.y >= 0 && point.x <= size.x && point.y <= size.y) {
        map.setZoomAround([cluster.lat, cluster.lon], zoom, { animate: !still });
        return;
      }
    }
    map.setZoom(zoom, { animate: !still });
  }

  // The card needs the room of the legend; what the reader folds or opens stays so.
  let folded = false;

  function foldLegend() {
    const fold = cm.byId("legend-fold");
    if (!isWide()) return;
    if (cm.selected() && fold.open && !folded) {
      fold.open = false;
      folded = true;
    } else if (!cm.selected() && folded) {
      fold.open = true;
      folded = false;
    }
  }

  // Land ends somewhere in the file: the map ends before it.
  function limitMap() {
    const frame = cm.payload.frame;
    if (!frame) {
      map.setMinZoom(Math.max(1, cm.wholeZoom - 1.5));
      return;
    }
    const [west, south, east, north] = frame;
    const bounds = L.latLngBounds([south, west], [north, east]);
    map.options.maxBoundsViscosity = 1;
    map.setMaxBounds(bounds);
    map.setMinZoom(Math.min(cm.wholeZoom,
      Math.max(1, cm.wholeZoom - 1.5, map.getBoundsZoom(bounds, true))));
  }

  /** Where a cluster's mark lies in the window, for tests and for tools that point at it. */
  cm.windowPoint = function (id) {
    const cluster = cm.model.byId.get(id);
    const corner = map.getContainer().getBoundingClientRect();
    const point = cm.containerPoint(cluster.x, cluster.y);
    return { x: corner.left + point.x, y: corner.top + point.y };
  };

  function credit() {
    const about = cm.payload.about;
    cm.byId("credit").textContent = about.attribution.join(" · ");
    cm.byId("credit").title = about.attribution.join("\n");
    cm.byId("title").textContent = about.title;
    cm.byId("synthetic").hidden = cm.byId("watermark").hidden = !about.synthetic;
    cm.byId("internal").hidden = !about.internal;
    document.title = about.synthetic
      ? `[${cm.say("page.synthetic_short")}] ${about.title}` : about.title;
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", cm.say("page.map.label"));
    for (const button of cm.find("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === cm.language));
    }
  }

  function words() {
    cm.putWords();
    credit();
  }

  let lastAsked = `${cm.state.question} ${cm.state.portfolio}`;

  function listen() {
    cm.on("language", () => {
      words();
      cm.drawCard();
      cm.drawLegend();
      cm.basemap.repaint();
      cm.redraw();
      if (cm.byId("about").open) cm.drawAbout();
    });
    cm.on("select", () => {
      cm.drawCard();
      foldLegend();
      cm.drawLegend();
      bringIntoView();
      putBack();
      marks.repaint();
      cm.redraw();
    });
    cm.on("hover", () => marks.repaint());
    cm.on("shown", () => {
      cm.drawLegend();
      for (const layer of cm.underlays) layer.repaint();
      cm.redraw();
    });
    cm.on("filter", cm.drawLegend);
    map.on("zoomend", cm.drawLegend);
    map.on("resize", () => {
      if (!cm.printing) limitMap();
    });
    window.addEventListener("hashchange", cm.readAddress);
    // The way back leads from cluster to cluster and from view to view.
    cm.on("select", () => cm.keepAddress(true));
    cm.on("view", () => cm.keepAddress(true));
    /** @type {StateEvent[]} */
    const kept = ["language", "shown", "filter"];
    for (const event of kept) cm.on(event, () => cm.keepAddress(false));
    cm.on("scores", cm.keepAddressSoon);
    cm.on("choice", () => {
      const asked = `${cm.state.question} ${cm.state.portfolio}`;
      if (asked !== lastAsked) cm.keepAddress(true);
      else cm.keepAddressSoon(); // a slider is being moved
      lastAsked = asked;
      cm.drawCard();
      cm.legendOfScores();
      cm.redraw();
    });
    map.on("moveend", cm.keepAddressSoon); // after the step that moved it
    cm.on("scores", () => {
      cm.drawCard();
      cm.legendOfScores();
      cm.redraw();
    });
    // The address keeps the language: the way to the ranking must not overwrite it.
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      cm.byId("ranking").focus();
    });
    map.on("dragstart zoomstart", () => { before = null; });
    map.on("mousemove", showTip);
    map.on("mouseout movestart", hideTip);
    map.on("click", (event) => {
      const missing = cm.missingAt(event.containerPoint);
      const cluster = cm.clusterAt(event.containerPoint)
        || (missing ? missing.cluster || missing.from : null);
      cm.select(cluster ? cluster.id : null);
    });
    for (const button of cm.find("[data-language]")) {
      button.addEventListener("click", () => cm.setLanguage(button.dataset.language));
    }
    cm.byId("open-about").addEventListener("click", cm.openAbout);
    cm.byId("print").addEventListener("click", () => window.print());
    cm.byId("save-table").addEventListener("click", () =>
      cm.saveTable(cm.tableClusters(), "ranking"));
    cm.byId("zoom-in").addEventListener("click", () => zoomBy(1));
    cm.byId("zoom-out").addEventListener("click", () => zoomBy(-1));
    cm.byId("whole").addEventListener("click", showWhole);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !cm.byId("about").open && cm.selected()) cm.closeCard();
    });
  }

  words();
  cm.wholeZoom = map.getZoom();
  // On phones and in notebooks the legend would hide the map.
  if (window.matchMedia("(max-width: 1100px)").matches) cm.byId("legend-fold").open = false;
  map.invalidateSize({ animate: false });
  showWhole();
  limitMap();
  cm.basemap.addTo(map);
  for (const layer of cm.underlays) layer.addTo(map);
  picture.addTo(map);
  marks.addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  cm.buildChoice();
  cm.buildSearch();
  cm.buildWeights();
  cm.buildRanking();
  if (cm.hasQuadrants()) cm.buildQuadrants();
  cm.buildViews();
  cm.putWords();
  cm.drawLegend();
  listen();
  cm.listenToPrinting({ map, layers: [picture, marks], wholeBounds, limitMap });
  cm.readAddress();
  cm.state.ready = true;
  performance.mark("ready");
});
