// The address keeps what the reader has chosen, so that it can be sent on; nothing is stored.
cm.run(function (cm) {
  "use strict";

  const { state } = cm;
  /** @type {FilterName[]} */
  const FILTERS = ["industry", "region", "kind", "quadrant", "standing"];
  let silent = true; // while the page is put together, or an address is being read

  function write() {
    const told = new URLSearchParams();
    told.set("lang", state.language);
    if (state.selected !== null) told.set("cluster", state.selected);
    if (state.view !== "ranking") told.set("view", state.view);
    if (state.scenario !== cm.payload.scenarios[0].name) told.set("profile", state.scenario);
    if (state.weights) told.set("weights", state.weights.map((one) => Number(one.toFixed(3))).join());
    if (state.search) told.set("search", state.search);
    if (state.period !== null) told.set("period", String(state.period));
    if (state.industry) told.set("density", state.industry);
    for (const name of FILTERS) if (state.filters[name]) told.set(name, state.filters[name]);
    const centre = cm.map.getCenter();
    if (Math.abs(cm.map.getZoom() - cm.wholeZoom) > 0.05) {
      told.set("map", [cm.map.getZoom().toFixed(1), centre.lat.toFixed(3),
        centre.lng.toFixed(3)].join());
    }
    return `#${told}`;
  }

  /** Keep the present state in the address. */
  cm.keepAddress = function () {
    if (silent) return;
    // Some browsers refuse it for files, and frames of notebooks have no address of their own.
    try {
      window.history.replaceState(null, "", write());
    } catch {
      silent = true;
    }
  };

  let asked = 0;

  /** The same once steps have come to an end, each of which the browser would have to note. */
  cm.keepAddressSoon = function () {
    window.clearTimeout(asked);
    asked = window.setTimeout(cm.keepAddress, 200);
  };

  function readWeights(text) {
    const weights = (text || "").split(",").map(Number);
    const wanted = cm.payload.scenarios[0].subscores.length;
    const fit = weights.length === wanted && weights.every((one) => one >= 0 && one <= 1000)
      && weights.some((one) => one > 0);
    return fit ? weights : null;
  }

  function readMap(text) {
    const numbers = (text || "").split(",").map(Number);
    if (numbers.length !== 3 || numbers.some((one) => !Number.isFinite(one))) return;
    cm.map.setView([numbers[1], numbers[2]], numbers[0], { animate: false });
  }

  /** Language that an address asks for; null for none. */
  cm.languageIn = function (hash) {
    const plain = /^#(ko|en)$/.exec(hash);
    const told = plain ? plain[1] : new URLSearchParams(hash.slice(1)).get("lang");
    return told === "ko" || told === "en" ? told : null;
  };

  /** Do what the address says; what it does not name stays as it is. */
  cm.readAddress = function () {
    silent = true;
    const told = new URLSearchParams(window.location.hash.slice(1));
    cm.setLanguage(cm.languageIn(window.location.hash) || state.language);
    if (told.get("view") && cm.views.has(told.get("view"))) cm.show(told.get("view"));
    if (told.get("profile")) cm.useScenario(told.get("profile"));
    const weights = readWeights(told.get("weights"));
    if (weights && cm.isWeighed(cm.payload.scenarios[0])) cm.useWeights(weights);
    if (told.get("search")) cm.search(told.get("search").slice(0, 200));
    for (const name of FILTERS) {
      if (told.get(name) && cm.choicesOf(name).some((one) => one.key === told.get(name))) {
        cm.filter(name, told.get(name));
      }
    }
    const period = told.get("period");
    if (period && cm.model.periods[Number(period)]) cm.usePeriod(Number(period));
    const industry = told.get("density");
    if (industry && cm.hasDensity(industry)) cm.useIndustry(industry);
    if (told.get("cluster")) cm.select(told.get("cluster"));
    readMap(told.get("map"));
    silent = false;
  };
});
