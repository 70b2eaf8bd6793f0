// Views of the left side: one tab each, walked with the arrow keys.
cm.run(function (cm) {
  "use strict";

  /** Name of a view to what draws it: { panel, draw }. */
  cm.views = new Map();

  /** Add a view: a panel of the markup, and what draws it whenever something changed. */
  cm.addView = function (name, draw) {
    cm.views.set(name, { panel: cm.byId(`view-${name}`), draw });
  };

  function drawTabs() {
    for (const [name, view] of cm.views) {
      const open = name === cm.state.view;
      const tab = cm.byId(`tab-${name}`);
      tab.setAttribute("aria-selected", String(open));
      tab.tabIndex = open ? 0 : -1;
      view.panel.hidden = !open;
    }
  }

  /** Draw the view that is shown. */
  cm.drawView = () => cm.views.get(cm.state.view).draw();

  function walk(event) {
    const names = [...cm.views.keys()];
    const here = names.indexOf(cm.state.view);
    const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: names.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = names[(steps[event.key] + names.length) % names.length];
    cm.show(next);
    cm.byId(`tab-${next}`).focus();
  }

  cm.buildViews = function () {
    const list = cm.byId("tabs");
    for (const name of cm.views.keys()) {
      const tab = cm.make("button", { type: "button", role: "tab", id: `tab-${name}`,
        class: "tab", "aria-controls": `view-${name}`, "data-word": `page.view.${name}` });
      tab.addEventListener("click", () => cm.show(name));
      list.append(tab);
    }
    list.addEventListener("keydown", walk);
    drawTabs();
    cm.drawView();
    cm.on("view", () => {
      drawTabs();
      cm.drawView();
    });
    /** @type {StateEvent[]} */
    const followed = ["scores", "filter", "language", "select", "choice"];
    for (const event of followed) cm.on(event, cm.drawView);
  };
});
