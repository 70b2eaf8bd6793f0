// A4: the map drawn anew for paper, the first ranks, and the card of the selected cluster.
cm.run(function (cm) {
  "use strict";

  const PAPER_DOTS = 3; // dots a pixel: about 290 an inch
  cm.printing = false;

  // Paper has another shape than the window: the map is drawn anew for it, and back.
  cm.listenToPrinting = function ({ map, layers, wholeBounds, limitMap }) {
    let before = null;
    window.addEventListener("beforeprint", () => {
      if (before) return;
      const legend = cm.byId("legend-fold");
      before = { centre: map.getCenter(), zoom: map.getZoom(), legend: legend.open,
        fold: cm.unfoldCard(), view: cm.state.view };
      cm.show("ranking");
      legend.open = true;
      cm.printing = true;
      document.documentElement.classList.add("printing");
      map.setMaxBounds(null);
      map.options.minZoom = 0;
      map.invalidateSize({ animate: false, pan: false });
      if (Math.abs(before.zoom - cm.wholeZoom) < 0.01) {
        const bounds = wholeBounds();
        if (bounds) map.fitBounds(bounds, { animate: false, padding: [8, 8], maxZoom: 12 });
      } else {
        const selected = cm.selected();
        map.setView(selected && selected.located ? [selected.lat, selected.lon] : before.centre,
          before.zoom, { animate: false });
      }
      cm.drawLegend();
      cm.drawPrinted();
      const all = [cm.basemap, ...cm.underlays, ...layers];
      const sea = getComputedStyle(map.getContainer()).backgroundColor;
      document.body.append(cm.make("img", { id: "print-map", class: "print-map",
        alt: cm.say("page.map.label"), src: cm.snapshot(all, PAPER_DOTS, sea) }));
    });
    window.addEventListener("afterprint", () => {
      if (!before) return;
      document.documentElement.classList.remove("printing");
      cm.byId("print-map").remove();
      map.invalidateSize({ animate: false, pan: false });
      cm.byId("legend-fold").open = before.legend;
      before.fold();
      cm.show(before.view);
      map.setView(before.centre, before.zoom, { animate: false });
      cm.printing = false;
      limitMap();
      cm.drawLegend();
      cm.drawView();
      before = null;
    });
  };
});
