// What the reader has chosen and what is drawn: the one object that tests look at.
(function (cm) {
  "use strict";

  const listeners = {};

  /** Documented in types.d.ts. */
  cm.state = {
    ready: false,
    language: cm.language,
    selected: null,
    hovered: null,
    search: "",
    shown: {
      flows: cm.payload.kinds.map(() => true),
      institutes: true,
      firms: true,
      regions: true,
    },
    counts: {
      clusters: cm.model.clusters.length,
      rated: cm.model.rated.length,
      unrated: cm.model.unrated.length,
      institutes: cm.model.institutes.length,
      flows: cm.model.flows.length,
      firms: cm.model.firms ? cm.model.firms.points.length / 2 : 0,
    },
    drawn: {
      circles: 0, polygons: 0, hollow: 0, flows: 0, institutes: 0, firms: 0, labels: 0, rows: 0,
    },
  };

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
    // In the address, so that it outlives a reload; nothing is stored.
    try {
      window.history.replaceState(null, "", `#${language}`);
    } catch {
      window.location.hash = language; // some browsers refuse it for files
    }
    cm.tell("language");
  };
})(window.cm);
