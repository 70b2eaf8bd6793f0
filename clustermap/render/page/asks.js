// The question that the map and the list answer, and the budget: stops that were tried, no others.
cm.run(function (cm) {
  "use strict";

  const { decision } = cm.payload;
  const CHIPS = 3; // scenarios with a button each; more of them stand in a list
  const LONGEST = 22;

  function chip(id, text, question, portfolio, own) {
    const { state } = cm;
    const on = state.question === question
      && (question !== "selected" || state.portfolio === portfolio);
    const button = cm.make("button", { type: "button", class: "chip-button", id,
      "aria-pressed": String(on), title: own ? text : null, text: cm.cut(text, LONGEST) });
    button.addEventListener("click", () => {
      cm.ask(question, portfolio);
      cm.byId(id).focus();
    });
    return button;
  }

  function chooser(others) {
    const select = cm.make("select", { id: "ask-other", "aria-label": cm.say("page.choice.more") },
      cm.make("option", { value: "", text: cm.say("page.choice.more") }));
    others.forEach((one, at) => select.append(cm.make("option", { value: at,
      text: cm.cut(one.name, 2 * LONGEST) })));
    const at = others.findIndex((one) => one.name === cm.state.portfolio);
    select.value = cm.state.question === "selected" && at >= 0 ? String(at) : "";
    select.classList.toggle("chosen", select.value !== "");
    select.addEventListener("change", () => {
      if (select.value === "") return;
      cm.ask("selected", others[Number(select.value)].name);
      cm.byId("ask-other").focus();
    });
    return select;
  }

  function drawAsks() {
    const [own, ...others] = decision.portfolios;
    const parts = [chip("ask-score", cm.say("page.choice.ask_score"), "score", own.name, false),
      chip("ask-selected", cm.say("page.choice.ask_selected"), "selected", own.name, false)];
    if (own.budget !== null) {
      parts.push(chip("ask-equal", cm.say("page.choice.ask_equal"), "equal", own.name, false));
    }
    if (decision.current) {
      parts.push(chip("ask-current", cm.say("page.choice.ask_current"), "current", own.name,
        false));
    }
    if (others.length > CHIPS) parts.push(chooser(others));
    else {
      others.forEach((one, at) => parts.push(
        chip(`ask-${at + 1}`, one.name, "selected", one.name, true)));
    }
    cm.byId("asks").replaceChildren(...parts);
  }

  const stopText = (stop) => cm.say(stop.feasible ? "page.choice.budget_value"
    : "page.choice.budget_none", { budget: cm.money(stop.budget),
    count: cm.number(stop.chosen.size, 0) });

  let drawn = "";

  // The slider itself stays while it is moved: who drags it must not lose it.
  function drawSlider() {
    const stops = cm.stopsOf(cm.portfolio());
    const frame = cm.byId("choice-budget");
    frame.hidden = cm.state.question !== "selected" || stops.length < 2;
    const key = [cm.language, cm.state.portfolio, frame.hidden].join("\n");
    const own = stops.findIndex((stop) => stop.own);
    if (!frame.hidden && key !== drawn) {
      const slider = cm.make("input", { type: "range", id: "budget", min: 0,
        max: stops.length - 1, step: 1 });
      slider.addEventListener("input", () => cm.useBudget(Number(slider.value)));
      const reset = cm.make("button", { type: "button", class: "link", id: "budget-reset",
        text: cm.say("page.choice.reset", { budget: cm.money(stops[own].budget) }) });
      reset.addEventListener("click", () => {
        cm.useBudget(own);
        cm.byId("budget").focus();
      });
      frame.replaceChildren(cm.make("label", { for: "budget", text: cm.say("page.choice.budget") }),
        cm.make("span", { class: "budget-track" }, slider, cm.bar("budget-marks", [
          { class: "own", at: (100 * own) / (stops.length - 1) }])),
        cm.make("output", { id: "budget-value", for: "budget" }), reset);
    }
    drawn = key;
    if (frame.hidden) return;
    const slider = cm.byId("budget");
    const stop = cm.stop();
    const at = String(stops.indexOf(stop));
    if (slider.value !== at) slider.value = at;
    slider.setAttribute("aria-valuetext", stopText(stop));
    cm.byId("budget-value").textContent = cm.money(stop.budget);
    cm.byId("budget-reset").hidden = stop.own;
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  function equalLead() {
    const statuses = cm.statuses();
    const places = cm.model.clusters.map(({ place }) => place)
      .filter((place) => statuses[place] !== "barred");
    const money = cm.equalMoney();
    return cm.say("page.choice.lead_equal", { budget: cm.money(decision.portfolios[0].budget),
      count: cm.number(places.length, 0),
      most: cm.money(places.reduce((most, place) => Math.max(most, money[place]), 0)),
      share: places.length ? cm.wholePercent(median(places.map(cm.equalShare))) : "–" });
  }

  function currentLead() {
    const money = (decision.current || []).map((one) => one || 0);
    return cm.say("page.choice.lead_current", {
      money: cm.money(money.reduce((sum, one) => sum + one, 0)),
      count: cm.number(money.filter((one) => one > 0).length, 0) });
  }

  function lead() {
    if (cm.state.question === "equal") return equalLead();
    if (cm.state.question === "current") return currentLead();
    const stop = cm.stop();
    return cm.say(stop.feasible ? "page.choice.lead" : "page.choice.lead_none",
      { budget: cm.money(stop.budget), count: cm.number(stop.chosen.size, 0),
        spent: cm.money(stop.spent) });
  }

  // Why nothing can be chosen, and how far the standings reach.
  function remarks() {
    const portfolio = cm.portfolio();
    const stop = cm.stop();
    if (cm.isSplit()) return [];
    if (!portfolio.feasible && stop.own) return portfolio.told.map(cm.sentence);
    if (!portfolio.draws) return [cm.say("page.choice.undrawn")];
    return stop.own ? [] : [cm.say("page.choice.elsewhere", { budget: cm.money(portfolio.budget) })];
  }

  function count(status, clusters) {
    const on = cm.state.filters.choice === status;
    const button = cm.make("button", { type: "button", class: "link", "data-status": status,
      title: cm.say(`page.choice.note.${status}`), "aria-pressed": String(on) },
    cm.statusMark(status), cm.make("b", { text: cm.number(clusters, 0) }),
    cm.make("span", { text: cm.statusWord(status) }));
    button.addEventListener("click", () => {
      cm.filter("choice", on ? "" : status);
      const again = document.querySelector(`[data-status="${status}"]`);
      if (again instanceof HTMLElement) again.focus();
    });
    return cm.make("li", {}, button);
  }

  /** Draw what is asked and what comes out, above the list. */
  cm.drawChoice = function () {
    if (!decision) return;
    drawAsks();
    const choosing = cm.isChoosing();
    cm.byId("choice").hidden = !choosing;
    cm.byId("first-note").classList.toggle("set-aside", choosing);
    cm.byId("weights-fold").classList.toggle("set-aside", choosing);
    if (!choosing) return;
    drawSlider();
    // What is searched for narrows the numbers as it does the list; the status itself does not.
    const asked = new Set(cm.findClusters(cm.model.clusters, true).map(({ place }) => place));
    const counts = cm.choiceGroups().map(({ status, clusters }) =>
      [status, clusters.filter(({ place }) => asked.has(place)).length]);
    const more = cm.make("button", { type: "button", class: "link", id: "choice-more",
      text: cm.say("page.choice.compare") });
    more.addEventListener("click", () => cm.show("choices"));
    cm.byId("choice-told").replaceChildren(
      cm.make("p", { class: "choice-lead", id: "choice-lead", text: lead() }),
      ...remarks().map((text) => cm.make("p", { class: "remark", text })),
      cm.make("ul", { class: "statuses" },
        ...counts.map(([status, number]) => count(String(status), Number(number)))),
      cm.make("p", { class: "quiet" }, `${cm.say("page.choice.no_effect")} `, more));
  };

  cm.buildChoice = function () {
    cm.byId("asks").hidden = !decision;
  };
});
