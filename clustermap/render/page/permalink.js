// The address keeps what the reader has chosen, so that it can be sent on; nothing is stored.
cm.run(function (cm) {
  "use strict";

  const { state } = cm;
  const LAYERS = ["institutes", "firms", "density", "regions", "missing"];
  const SHOWN = { ...cm.state.shown };
  let silent = true; // while the page is put together, or an address is being read
  let kept = ""; // the address last written or read

  function write() {
    const told = new URLSearchParams();
    told.set("lang", state.language);
    if (state.selected !== null) told.set("cluster", state.selected);
    if (state.view !== "ranking") told.set("view", state.view);
    if (state.scenario !== cm.payload.scenarios[0].name) told.set("profile", state.scenario);
    if (cm.isChoosing()) {
      told.set("ask", state.question);
      const [first] = cm.payload.decision.portfolios;
      if (state.portfolio !== first.name) told.set("scenario", state.portfolio);
      if (state.budget !== null) told.set("budget", String(cm.stop().share));
    }
    if (state.weights) told.set("weights", state.weights.map((one) => Number(one.toFixed(3))).join());
    if (state.search) told.set("search", state.search);
    if (state.period !== null) told.set("period", String(state.period));
    if (state.industry) told.set("density", state.industry);
    for (const name of cm.FILTERS) if (state.filters[name]) told.set(name, state.filters[name]);
    if (state.colour !== "rank") told.set("colour", state.colour);
    const hidden = [...cm.payload.kinds.filter((_, at) => !state.shown.flows[at]),
      ...LAYERS.filter((name) => state.shown[name] !== SHOWN[name]).map((name) => `~${name}`)];
    if (hidden.length) told.set("switched", hidden.join());
    const centre = cm.map.getCenter();
    if (Math.abs(cm.map.getZoom() - cm.wholeZoom) > 0.05) {
      told.set("map", [cm.map.getZoom().toFixed(1), centre.lat.toFixed(3),
        centre.lng.toFixed(3)].join());
    }
    return `#${told}`;
  }

  /** Keep the present state in the address; with `step` the way back leads to the last one. */
  cm.keepAddress = function (step) {
    // An address that somebody has set is read as soon as the browser tells of it.
    if (silent || window.location.hash !== kept) return;
    const address = write();
    if (address === window.location.hash) return;
    // Some browsers refuse it for files, and frames of notebooks have no address of their own.
    try {
      if (step) window.history.pushState(null, "", address);
      else window.history.replaceState(null, "", address);
      kept = window.location.hash;
    } catch {
      silent = true;
    }
  };

  function readSwitched(text) {
    const switched = (text || "").split(",");
    cm.payload.kinds.forEach((kind, at) => { state.shown.flows[at] = !switched.includes(kind); });
    for (const name of LAYERS) {
      state.shown[name] = switched.includes(`~${name}`) ? !SHOWN[name] : SHOWN[name];
    }
  }

  let asked = 0;

  /** The same once steps have come to an end, each of which the browser would have to note. */
  cm.keepAddressSoon = function () {
    window.clearTimeout(asked);
    asked = window.setTimeout(() => cm.keepAddress(false), 200);
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

  // What is not known is as when the page was opened: the score, the project's own, its budget.
  function readChoice(told) {
    const { decision } = cm.payload;
    if (!decision) return;
    /** @type {State["question"][]} */
    const questions = decision.current ? ["selected", "equal", "current"]
      : ["selected", "equal"];
    const question = questions.find((one) => one === told.get("ask")) || "score";
    const [first] = decision.portfolios;
    const named = decision.portfolios.find((one) => one.name === told.get("scenario"));
    cm.ask(question, (question === "selected" && named || first).name);
    const share = Number(told.get("budget") || NaN);
    const at = cm.stopsOf(cm.portfolio()).findIndex((stop) => Math.abs(stop.share - share) < 1e-9);
    cm.useBudget(question === "selected" && at >= 0 ? at : null);
  }

  /** Language that an address asks for; null for none. */
  cm.languageIn = function (hash) {
    const plain = /^#(ko|en)$/.exec(hash);
    const told = plain ? plain[1] : new URLSearchParams(hash.slice(1)).get("lang");
    return told === "ko" || told === "en" ? told : null;
  };

  /** Do what the address says; what it does not name is as when the page was opened. */
  cm.readAddress = function () {
    silent = true;
    kept = window.location.hash;
    const told = new URLSearchParams(window.location.hash.slice(1));
    const [first] = cm.payload.scenarios;
    cm.setLanguage(cm.languageIn(window.location.hash) || cm.payload.about.language);
    const weights = cm.isWeighed(first) ? readWeights(told.get("weights")) : null;
    if (weights) {
      cm.useWeights(weights);
    } else {
      cm.useWeights(null);
      const named = cm.payload.scenarios.find((one) => one.name === told.get("profile"));
      cm.useScenario((named || first).name);
    }
    readChoice(told);
    cm.search((told.get("search") || "").slice(0, 200));
    for (const name of cm.FILTERS) {
      const known = cm.choicesOf(name).some((one) => one.key === told.get(name));
      cm.filter(name, known ? told.get(name) : "");
    }
    const period = Number(told.get("period") || NaN);
    cm.usePeriod(cm.model.periods[period] ? period : null);
    const industry = told.get("density") || "";
    cm.useIndustry(industry && cm.hasDensity(industry) ? industry : "");
    state.colour = told.get("colour") === "standing" ? "standing" : "rank";
    readSwitched(told.get("switched"));
    cm.tell("shown");
    cm.show(cm.views.has(told.get("view")) ? told.get("view") : "ranking");
    cm.select(told.get("cluster"));
    readMap(told.get("map"));
    silent = false;
  };
});
