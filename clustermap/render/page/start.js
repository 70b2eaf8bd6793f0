// Puts the page together and says when it is ready.
(function (cm) {
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
    if (bounds) {
      map.fitBounds(bounds, { animate: false, maxZoom: 12,
        paddingTopLeft: [10 + legend, 10], paddingBottomRight: [10, 10] });
    }
    cm.wholeZoom = map.getZoom();
  }

  function paint(context, view) {
    cm.drawClusters(context, view);
    cm.drawFlows(context, view);
    cm.drawInstitutes(context, view);
    cm.drawRegionNames(context, view);
    cm.drawNames(context, view);
  }

  const picture = new cm.Canvas(paint, { pane: "overlayPane" });
  // The mark under the pointer changes often: it has a layer of its own, so that nothing else is
  // drawn anew for it.
  const marks = new cm.Canvas(cm.drawMarks, { pane: "shadowPane" });
  let asked = false;

  cm.redraw = function () {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      picture.repaint();
      marks.repaint();
    });
  };

  const tip = cm.byId("tip");

  function tipLines(point) {
    const institute = cm.state.shown.institutes ? cm.instituteAt(point) : null;
    if (institute) {
      const type = cm.label(`type.${cm.payload.types[institute.type]}`);
      const vague = institute.precision ? ` · ${cm.say("page.map.precision",
        { metres: cm.number(institute.precision, 0) })}` : "";
      return [institute.name || cm.say("page.unnamed"), type + vague];
    }
    const firm = cm.firmAt(point);
    if (firm !== null) return [firm || cm.say("page.unnamed"), cm.label("type.firm")];
    const cluster = cm.clusterAt(point);
    cm.hover(cluster ? cluster.id : null);
    if (!cluster) return null;
    return [cm.names(cluster)[0], cluster.rated
      ? `${cm.say("page.table.rank")} ${cm.number(cluster.rank, 0)} (${
        cm.interval(cluster.rankLow, cluster.rankHigh, 0)}) · ${
        cm.say("page.table.score")} ${cm.number(cluster.score, 1)}`
      : cm.say("page.card.unrated")];
  }

  /** Go near enough to a cluster to see its outline and its neighbours. */
  cm.goNear = function (cluster) {
    map.setView([cluster.lat, cluster.lon], Math.max(map.getZoom(), 12), { animate: !still });
    bringIntoView();
  };

  function showTip(event) {
    const lines = tipLines(event.containerPoint);
    tip.hidden = !lines;
    map.getContainer().style.cursor = lines ? "pointer" : "";
    if (!lines) return;
    tip.replaceChildren(cm.make("b", { text: cm.cut(lines[0], 60) }),
      cm.make("span", { text: lines[1] }));
    const corner = map.getContainer().getBoundingClientRect();
    const x = corner.left + event.containerPoint.x;
    const y = corner.top + event.containerPoint.y;
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(4, Math.min(x + 14, window.innerWidth - width - 8))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > window.innerHeight
      ? y - tip.offsetHeight - 10 : y + 16}px`;
  }

  function hideTip() {
    tip.hidden = true;
    cm.hover(null);
  }

  // The selected cluster stays in sight, between the legend and the card where they lie over the map.
  function bringIntoView() {
    const cluster = cm.selected();
    if (!cluster || !cluster.located) return;
    const frame = map.getContainer().getBoundingClientRect();
    const card = cm.byId("card").getBoundingClientRect();
    const wide = window.matchMedia("(min-width: 761px)").matches;
    const legend = wide ? cm.byId("legend").offsetWidth + 140 : 90;
    const beside = wide ? card.width + 120 : 90;
    const below = wide ? 70 : Math.min(frame.height / 2, Math.max(0, frame.bottom - card.top)) + 40;
    map.panInside([cluster.lat, cluster.lon], { paddingTopLeft: [legend, 60],
      paddingBottomRight: [beside, below], animate: !still });
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
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === cm.language));
    }
  }

  function words() {
    cm.putWords();
    credit();
  }

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
      cm.drawLegend();
      bringIntoView();
      cm.redraw();
    });
    cm.on("hover", () => marks.repaint());
    cm.on("shown", () => {
      cm.drawLegend();
      cm.firmDots.repaint();
      cm.redraw();
    });
    map.on("zoomend", cm.drawLegend);
    map.on("mousemove", showTip);
    map.on("mouseout movestart", hideTip);
    map.on("click", (event) => {
      const cluster = cm.clusterAt(event.containerPoint);
      cm.select(cluster ? cluster.id : null);
    });
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => cm.setLanguage(button.dataset.language));
    }
    cm.byId("open-about").addEventListener("click", cm.openAbout);
    cm.byId("print").addEventListener("click", () => window.print());
    cm.byId("zoom-in").addEventListener("click", () => map.zoomIn());
    cm.byId("zoom-out").addEventListener("click", () => map.zoomOut());
    cm.byId("whole").addEventListener("click", showWhole);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !cm.byId("about").open && cm.selected()) cm.closeCard();
    });
  }

  // Paper has another shape than the window: the map is drawn anew for it, and back.
  function listenToPrinting() {
    let before = null;
    window.addEventListener("beforeprint", () => {
      const legend = cm.byId("legend-fold");
      before = { centre: map.getCenter(), zoom: map.getZoom(), legend: legend.open };
      legend.open = true;
      document.documentElement.classList.add("printing");
      map.invalidateSize({ animate: false, pan: false });
      if (Math.abs(before.zoom - cm.wholeZoom) < 0.01) {
        const bounds = wholeBounds();
        if (bounds) map.fitBounds(bounds, { animate: false, padding: [8, 8] });
      } else {
        map.setView(before.centre, before.zoom, { animate: false });
      }
      picture.repaint();
      cm.basemap.repaint();
    });
    window.addEventListener("afterprint", () => {
      document.documentElement.classList.remove("printing");
      map.invalidateSize({ animate: false, pan: false });
      if (!before) return;
      map.setView(before.centre, before.zoom, { animate: false });
      cm.byId("legend-fold").open = before.legend;
    });
  }

  words();
  cm.wholeZoom = map.getZoom();
  if (window.matchMedia("(max-width: 760px)").matches) cm.byId("legend-fold").open = false;
  map.invalidateSize({ animate: false });
  showWhole();
  map.setMinZoom(Math.max(1, cm.wholeZoom - 1.5));
  cm.basemap.addTo(map);
  picture.addTo(map);
  marks.addTo(map);
  if (cm.model.firms) cm.firmDots.addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  cm.buildRanking();
  cm.drawLegend();
  listen();
  listenToPrinting();
  cm.state.ready = true;
  performance.mark("ready");
})(window.cm);
