// Which score is shown: a profile, or the reader's own weights, which rank anew at every step.
cm.run(function (cm) {
  "use strict";

  const FIRST = cm.payload.scenarios[0];
  const STEPS = 20; // of a slider, from nothing to the most
  const { most } = cm.payload.rules;

  cm.profileName = (scenario) =>
    cm.label(`profile.${scenario.profile}.label`, `profile.${scenario.profile}`);

  const partName = (column) =>
    cm.label(`subscore.${column.subscore}.label`, `subscore.${column.subscore}`);

  const own = cm.weightsOf(FIRST);
  const whole = own.reduce((sum, weight) => sum + weight, 0);
  const largest = Math.max(...own, 0);

  // Weights as the sliders stand: the largest of the profile lies in the middle of its slider.
  const toStep = (weight) => Math.round((weight / (2 * largest)) * STEPS);

  const chosen = () => cm.state.weights || own;

  const shares = () => {
    const weights = chosen();
    const sum = weights.reduce((all, weight) => all + weight, 0);
    return weights.map((weight) => weight / sum);
  };

  function readSliders() {
    return FIRST.subscores.map((_, at) =>
      (Number(cm.byId(`weight-${at}`).value) / STEPS) * 2 * largest);
  }

  // No part may outweigh all others together: what is moved stops there.
  function hold(weights, moved) {
    const others = weights.reduce((sum, weight, at) => (at === moved ? sum : sum + weight), 0);
    const largestOther = Math.max(...weights.map((weight, at) => (at === moved ? 0 : weight)));
    const highest = (most / (1 - most)) * others;
    const lowest = (largestOther * (1 - most)) / most - (others - largestOther);
    const held = Math.min(highest, Math.max(lowest, weights[moved]));
    return weights.map((weight, at) => (at === moved ? Math.max(0, held) : weight));
  }

  function move(at) {
    const weights = hold(readSliders(), at);
    const same = weights.every((weight, place) => toStep(weight) === toStep(own[place]));
    cm.useWeights(same ? null : weights);
    tellShares();
  }

  function tellShares() {
    shares().forEach((share, at) => {
      const slider = cm.byId(`weight-${at}`);
      if (!slider) return;
      const text = cm.percent(share);
      const step = String(toStep(chosen()[at]));
      if (slider.value !== step) slider.value = step;
      slider.setAttribute("aria-valuetext", text);
      cm.byId(`share-${at}`).textContent = text;
    });
    const held = shares().some((share) => share > most - 1e-6);
    cm.byId("weights-held").hidden = !held;
    cm.byId("weights-reset").hidden = cm.state.weights === null;
    cm.byId("weights-own").hidden = cm.state.weights === null;
    const profile = cm.byId("profile");
    if (profile) {
      profile.lastChild.hidden = cm.state.weights === null;
      profile.value = cm.state.weights === null ? cm.state.scenario : "";
    }
    cm.byId("profile-meaning").hidden = cm.state.weights !== null;
  }

  function sliders() {
    const list = cm.make("ul", { class: "sliders" });
    FIRST.subscores.forEach((column, at) => {
      const meaning = `subscore.${column.subscore}.meaning`;
      const slider = cm.make("input", { type: "range", id: `weight-${at}`, min: 0, max: STEPS,
        step: 1, value: toStep(chosen()[at]) });
      slider.addEventListener("input", () => move(at));
      list.append(cm.make("li", { title: cm.knows(meaning) ? cm.say(meaning) : null },
        cm.make("label", { for: `weight-${at}`, text: partName(column) }), slider,
        cm.make("output", { id: `share-${at}`, for: `weight-${at}` })));
    });
    const reset = cm.make("button", { type: "button", class: "link", id: "weights-reset",
      text: cm.say("page.weights.reset") });
    reset.addEventListener("click", () => {
      cm.useWeights(null);
      tellShares();
      cm.byId("weight-0").focus();
    });
    return cm.make("div", { id: "weights" }, cm.quiet(cm.say("page.weights.note")), list,
      cm.make("p", { id: "weights-held", class: "quiet", text: cm.say("page.weights.held",
        { share: cm.number(100 * most, 0) }), hidden: true }),
      cm.make("p", { id: "weights-own", class: "quiet",
        text: cm.say("page.weights.interval"), hidden: true }), reset);
  }

  function profiles() {
    const select = cm.make("select", { id: "profile" });
    for (const scenario of cm.payload.scenarios) {
      select.append(cm.make("option", { value: scenario.name, text: cm.profileName(scenario) }));
    }
    select.append(cm.make("option", { value: "", text: cm.say("page.weights.own"),
      hidden: cm.state.weights === null, disabled: true }));
    select.value = cm.state.weights === null ? cm.state.scenario : "";
    select.addEventListener("change", () => cm.useScenario(select.value));
    return cm.make("div", { class: "profile" },
      cm.make("label", { for: "profile", text: cm.say("page.weights.profile") }), select);
  }

  function meaning() {
    const key = `profile.${cm.scenario().profile}.meaning`;
    return cm.make("p", { id: "profile-meaning", class: "quiet",
      text: cm.knows(key) ? cm.say(key) : "", hidden: cm.state.weights !== null });
  }

  cm.drawWeights = function () {
    const weighed = whole > 0 && cm.isWeighed(cm.scenario())
      && cm.scenario().name === FIRST.name;
    const several = cm.payload.scenarios.length > 1;
    cm.byId("weights-fold").hidden = !several && !weighed;
    const moving = document.activeElement instanceof HTMLInputElement
      && document.activeElement.type === "range";
    const name = cm.state.weights === null ? cm.profileName(cm.scenario())
      : cm.say("page.weights.own");
    cm.byId("weights-name").textContent = name;
    if (moving) {
      tellShares();
      return;
    }
    const parts = [several ? profiles() : null, meaning(), weighed ? sliders() : null];
    cm.byId("weights-body").replaceChildren(...parts.filter(Boolean));
    if (weighed) tellShares();
  };

  cm.buildWeights = function () {
    cm.drawWeights();
    cm.on("scores", cm.drawWeights);
    cm.on("language", cm.drawWeights);
    cm.byId("weights-fold").addEventListener("toggle", cm.prepareIntervals);
  };
});
