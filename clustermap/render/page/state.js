// What the reader has chosen and what is drawn: the one object that tests look at.
cm.run(function (cm) {
  "use strict";

  const listeners = {};

  /** Documented in types.d.ts. */
  cm.state = {
    ready: false,
    language: cm.language,
    view: "ranking",
    selected: null,
    hovered: null,
    scenario: cm.payload.scenarios[0].name,
    weights: null,
    question: "score",
    portfolio: cm.payload.decision ? cm.payload.decision.portfolios[0].name : "",
    budget: null,
    search: "",
    filters: { industry: "", region: "", kind: "", quadrant: "", standing: "", choice: "" },
    period: null,
    industry: "",
    colour: "rank",
    shown: {
      flows: cm.payload.kinds.map(() => true),
      institutes: true,
      missing: true, // while their part of the card stands open
      firms: true,
      density: false, // it would draw the eye from the clusters
      regions: true,
    },
    counts: {
      clusters: cm.model.clusters.length,
      rated: 0,
      unrated: 0,
      institutes: cm.model.institutes.length,
      flows: cm.model.flows.length,
      firms: cm.model.firms ? cm.model.firms.points.length / 2 : 0,
    },
    drawn: {
      circles: 0, polygons: 0, hollow: 0, flows: 0, institutes: 0, firms: 0, squares: 0,
      labels: 0, rows: 0, points: 0, missing: 0,
    },
  };

  /** Names of the filters. */
  cm.FILTERS = /** @type {FilterName[]} */ (Object.keys(cm.state.filters));

  const count = () => Object.assign(cm.state.counts,
    { rated: cm.model.rated.length, unrated: cm.model.unrated.length });
  count();

  cm.on = function (event, listener) {
    (listeners[event] = listeners[event] || []).push(listener);
  };

  cm.tell = function (event) {
    for (const listener of listeners[event] || []) listener();
  };

  cm.selected = () =>
    cm.state.selected === null ? null : cm.model.byId.get(cm.state.selected) || null;

  /** Select a cluster by its identifier, or none. */
  cm.select = function (id) {
    const known = id !== null && cm.model.byId.has(id) ? id : null;
    if (known === cm.state.selected) return;
    cm.state.selected = known;
    cm.tell("select");
  };

  cm.hover = function (id) {
    if (id === cm.state.hovered) return;
    cm.state.hovered = id;
    cm.tell("hover");
  };

  cm.setLanguage = function (language) {
    if (language === cm.language) return;
    cm.language = language;
    cm.state.language = language;
    cm.tell("language");
  };

  function rescore() {
    cm.applyScores();
    // Stars and the like know no typical cluster.
    if (!cm.isWeighed(cm.scenario())) cm.state.filters.standing = "";
    count();
    cm.tell("scores");
  }

  /** Show the scores of a profile by the name of its scenario. */
  cm.useScenario = function (name) {
    const known = cm.payload.scenarios.some((one) => one.name === name);
    if (!known || (name === cm.state.scenario && cm.state.weights === null)) return;
    Object.assign(cm.state, { scenario: name, weights: null });
    rescore();
  };

  /** Score with weights of the reader, one a part of the project's own profile; null for none. */
  cm.useWeights = function (weights) {
    if (weights === null && cm.state.weights === null) return;
    Object.assign(cm.state, { scenario: cm.payload.scenarios[0].name, weights });
    rescore();
  };

  /** Ask another question of the map and the list: the score, a scenario's portfolio, the split. */
  cm.ask = function (question, portfolio) {
    const { decision } = cm.payload;
    const named = decision && decision.portfolios.find((one) => one.name === portfolio);
    if (!named || (question === cm.state.question && portfolio === cm.state.portfolio)) return;
    const filtered = cm.state.filters.choice !== "";
    Object.assign(cm.state, { question, portfolio, budget: null });
    cm.state.filters.choice = "";
    cm.tell("choice");
    if (filtered) cm.tell("filter");
  };

  /** Look at another budget, by its place among those that were tried; null for the scenario's own. */
  cm.useBudget = function (place) {
    const stops = cm.portfolio() ? cm.stopsOf(cm.portfolio()) : [];
    const known = place !== null && stops[place] && !stops[place].own ? place : null;
    if (known === cm.state.budget) return;
    cm.state.budget = known;
    const { choice } = cm.state.filters;
    if (choice && !cm.statuses().includes(choice)) cm.filter("choice", "");
    cm.tell("choice");
  };

  /** Show only what fits: industry, region, kind or quadrant; "" for all. */
  cm.filter = function (name, value) {
    if (cm.state.filters[name] === value) return;
    cm.state.filters[name] = value;
    cm.tell("filter");
    // Who looks for an industry wants to see where its firms are.
    if (name === "industry" && (value === "" || cm.hasDensity(value))) cm.useIndustry(value);
  };

  cm.search = function (text) {
    if (cm.state.search === text) return;
    cm.state.search = text;
    cm.tell("filter");
  };

  /** Count only links of one period, by its place; null for all. */
  cm.usePeriod = function (period) {
    if (cm.state.period === period) return;
    cm.state.period = period;
    cm.tell("shown");
  };

  /** Show the density of firms of one strategic industry; "" for all firms. */
  cm.useIndustry = function (industry) {
    if (cm.state.industry === industry) return;
    cm.state.industry = industry;
    cm.tell("shown");
  };

  /** Bring a view of the left side to the front. */
  cm.show = function (view) {
    if (view === cm.state.view) return;
    cm.state.view = view;
    cm.tell("view");
  };
});
