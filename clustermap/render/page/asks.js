// The question that the map and the list answer, and the budget: stops that were tried, no others.
cm.run(function (cm) {
  "use strict";

  const { decision } = cm.payload;
  const CHIPS = 3; // scenarios with a button each; more of them stand in a list
  const LONGEST = 22;

  function chip(id, text, question, portfolio) {
    const { state } = cm;
    const on = state.question === question && (!portfolio || cm.portfolio() === portfolio);
    const button = cm.make("button", { type: "button", class: "chip-button", id,
      "aria-pressed": String(on), title: portfolio ? text : null, text: cm.cut(text, LONGEST) });
    button.addEventListener("click", () => {
      cm.ask(question, (portfolio || decision.portfolios[0]).name);
      cm.byId(id).focus();
    });
    return button;
  }

  function chooser() {
    const select = cm.make("select", { id: "ask-other", "aria-label": cm.say("page.choice.scenarios") });
    decision.portfolios.forEach((one, at) => select.append(cm.make("option", { value: at,
      text: cm.cut(cm.portfolioName(one), 2 * LONGEST) })));
    select.value = String(decision.portfolios.indexOf(cm.portfolio()));
    select.addEventListener("change", () => {
      cm.ask("selected", decision.portfolios[Number(select.value)].name);
      cm.byId("ask-other").focus();
    });
    return select;
  }

  // Views first; scenarios in a smaller row of their own, where they are what is looked at.
  function drawAsks() {
    const [own, ...others] = decision.portfolios;
    const view = (question) => chip(`ask-${question}`, cm.say(`page.choice.ask_${question}`),
      question, null);
    cm.byId("asks").replaceChildren(view("score"), view("selected"),
      own.budget === null ? "" : view("equal"), decision.current ? view("current") : "");
    const frame = cm.byId("ask-scenarios");
    frame.hidden = cm.state.question !== "selected" || !others.length;
    if (frame.hidden) return;
    frame.replaceChildren(cm.make("span", { text: cm.say("page.choice.scenarios") }),
      ...(others.length > CHIPS ? [chooser()] : decision.portfolios.map((one, at) =>
        chip(`ask-${at || "own"}`, cm.portfolioName(one), "selected", one))));
  }

  const stopText = (stop) => cm.say(stop.feasible ? "page.choice.budget_value"
    : "page.choice.budget_none", { budget: cm.money(stop.budget),
    count: cm.number(stop.chosen.size, 0) });

  // Who thinks in numbers of clusters picks the budget by them.
  function counter(stops) {
    const select = cm.make("select", { id: "budget-count", "aria-label": cm.say("page.choice.by_count") },
      ...stops.map((stop, at) => cm.make("option", { value: at, disabled: !stop.feasible,
        text: cm.say("page.choice.stop_count", { count: cm.number(stop.chosen.size, 0),
          budget: cm.money(stop.budget) }) })));
    select.addEventListener("change", () => cm.useBudget(Number(select.value)));
    return cm.make("span", { class: "budget-count" },
      cm.make("label", { for: "budget-count", text: cm.say("page.choice.by_count") }), " ", select);
  }

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
        cm.make("output", { id: "budget-value", for: "budget" }), counter(stops), reset);
    }
    drawn = key;
    if (frame.hidden) return;
    const slider = cm.byId("budget");
    const stop = cm.stop();
    const at = String(stops.indexOf(stop));
    if (slider.value !== at) slider.value = at;
    slider.setAttribute("aria-valuetext", stopText(stop));
    cm.byId("budget-count").value = at;
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

  const currentMoney = () => (decision.current || []).reduce((sum, one) => sum + (one || 0), 0);

  function currentLead() {
    return cm.say("page.choice.lead_current", { money: cm.money(currentMoney()),
      count: cm.number((decision.current || []).filter((one) => one > 0).length, 0) });
  }

  function lead() {
    if (cm.state.question === "equal") return equalLead();
    if (cm.state.question === "current") return currentLead();
    const stop = cm.stop();
    return cm.say(stop.feasible ? "page.choice.lead" : "page.choice.lead_none",
      { budget: cm.money(stop.budget), count: cm.number(stop.chosen.size, 0),
        spent: cm.money(stop.spent) });
  }

  // What another budget changes against the scenario's own.
  function change(portfolio, stop) {
    const own = cm.stopsOf(portfolio).find((one) => one.own);
    if (stop.own || !own || !own.feasible || !stop.feasible || stop.worth === null) return [];
    const more = 100 * (stop.worth - 1);
    const enter = [...stop.chosen].filter((place) => !own.chosen.has(place)).length;
    const leave = [...own.chosen].filter((place) => !stop.chosen.has(place)).length;
    return [cm.say(portfolio === decision.portfolios[0] ? "page.choice.change"
      : "page.choice.change_scenario", { enter: cm.number(enter, 0), leave: cm.number(leave, 0),
      worth: cm.say("page.share_value", { value: `${more > 0 ? "+" : ""}${cm.number(more,
        Math.abs(more) < 10 ? 1 : 0)}` }) })];
  }

  // Why nothing can be chosen, and how far the standings reach.
  function remarks() {
    const portfolio = cm.portfolio();
    const stop = cm.stop();
    if (cm.state.question === "current") {
      return [cm.say("page.choice.other_money", { money: cm.money(currentMoney()),
        budget: cm.money(decision.portfolios[0].budget) })];
    }
    if (cm.isSplit()) return [];
    if (!portfolio.feasible && stop.own) return portfolio.told.map(cm.sentence);
    const told = change(portfolio, stop);
    if (!portfolio.draws) return [...told, cm.say("page.choice.undrawn")];
    return stop.own ? [] : [...told,
      cm.say("page.choice.elsewhere", { budget: cm.money(portfolio.budget) })];
  }

  const CLEAR = 0.2; // rank correlations below say hardly anything

  /** How many of the best by the scenario's own scores are chosen. */
  function bestInside(portfolio, stop) {
    const scored = cm.payload.scenarios.find(({ profile }) => profile === portfolio.profile)
      || cm.payload.scenarios[0];
    const { rated, rank } = scored.scores;
    return [...stop.chosen].filter((place) => rated[place] && rank[place] !== null
      && rank[place] <= stop.chosen.size).length;
  }

  // What the order by value for money goes with, most of all first.
  function leaning(portfolio, stop) {
    const { linkage } = portfolio.leaning;
    if (linkage === null || linkage === undefined || !stop.feasible || !stop.chosen.size) return null;
    const parts = Object.entries(portfolio.leaning)
      .filter(([, value]) => value !== null && Math.abs(value) >= CLEAR)
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
      .map(([name, value]) => cm.say(`page.choice.lean.${name}_${value > 0 ? "high" : "low"}`));
    const key = Math.abs(linkage) >= CLEAR ? "linkage" : parts.length ? "other" : "none";
    return cm.say(`page.choice.leaning_${key}`, { parts: parts.join(", "),
      count: cm.number(stop.chosen.size, 0), inside: cm.number(bestInside(portfolio, stop), 0) });
  }

  // The rules in force, and what the order leans on.
  function grounds() {
    if (cm.state.question !== "selected") return [];
    const portfolio = cm.portfolio();
    const lean = leaning(portfolio, cm.stop());
    const score = cm.make("button", { type: "button", class: "link", id: "to-score",
      text: cm.say("page.choice.to_score") });
    score.addEventListener("click", () => {
      cm.ask("score", decision.portfolios[0].name);
      cm.byId("ask-score").focus();
    });
    const rules = portfolio.rules.map(cm.sentence).join(" · ");
    return [portfolio.rules.length ? cm.make("p", { class: "rules user", id: "choice-rules", title: rules,
      text: cm.say("page.choice.rules", { rules }) }) : "",
    lean ? cm.make("p", { class: "leaning", id: "choice-leaning" }, `${lean} `, score) : ""];
  }

  // Of those that are searched for; the numbers above stay those of the nation.
  function found() {
    const { choice, ...others } = cm.state.filters;
    if (!cm.state.search.trim() && !Object.values(others).some(Boolean)) return [];
    const statuses = cm.statuses();
    const places = cm.findClusters(cm.model.clusters, true).map(({ place }) => place);
    if (!places.length) return [];
    const numbers = cm.STATUSES.map((status) => ({ status,
      count: places.filter((place) => statuses[place] === status).length }))
      .filter((one) => one.count);
    return [cm.make("p", { class: "choice-found", id: "choice-found", text: cm.say("page.choice.found", {
      count: cm.number(places.length, 0), statuses: numbers.map(({ status, count }) =>
        (numbers.length === 1 ? cm.statusWord(status) : cm.say("page.choice.found_part",
          { word: cm.statusWord(status), count: cm.number(count, 0) }))).join(", ") }) })];
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
    // The numbers stay those of the nation, whatever is searched for.
    const counts = cm.choiceGroups().map(({ status, clusters }) => [status, clusters.length]);
    const more = cm.make("button", { type: "button", class: "link", id: "choice-more",
      text: cm.say("page.choice.compare") });
    more.addEventListener("click", () => cm.show("choices"));
    cm.byId("choice-told").replaceChildren(
      cm.make("p", { class: "choice-lead", id: "choice-lead", text: lead() }),
      ...remarks().map((text) => cm.make("p", { class: "remark", text })),
      cm.make("ul", { class: "statuses" },
        ...counts.map(([status, number]) => count(String(status), Number(number)))),
      ...found(), ...grounds(),
      cm.make("p", { class: "quiet" }, `${cm.say("page.choice.no_effect")} `, more));
  };

  cm.buildChoice = function () {
    cm.byId("asks").hidden = !decision;
  };
});
