// In the card: whether a cluster is chosen and how surely, what it lacks, and what else it would take.
cm.run(function (cm) {
  "use strict";

  const { decision } = cm.payload;
  const LONGEST = 60;
  const say = (key, values) => cm.say(`page.choice.card.${key}`, values);

  function percentMore(times) {
    const percent = 100 * (times - 1);
    return cm.say("page.share_value", { value: percent < 0.1 ? "<0.1"
      : cm.number(percent, percent < 10 ? 1 : 0) });
  }

  function reasonOf(reason) {
    const key = `page.choice.reason.${reason}`;
    return cm.knows(key) ? cm.say(key) : reason;
  }

  function sureLine(portfolio, place) {
    const share = portfolio.inclusion[place];
    if (share === null) return portfolio.draws ? null : say("undrawn");
    const counted = portfolio.counted[place] || 0;
    const told = say("sure", { draws: cm.number(portfolio.draws, 0),
      share: cm.wholePercent(share), low: cm.wholePercent(portfolio.low[place] || 0),
      high: cm.wholePercent(portfolio.high[place] || 0) });
    return counted < portfolio.draws
      ? `${told} ${say("settled", { counted: cm.number(counted, 0) })}` : told;
  }

  const timesText = (times) => cm.number(times,
    times >= 10 ? 0 : times >= 0.1 && Math.abs(times - 1) >= 0.1 ? 1 : 2);

  /** What it costs and whom it reaches, and what that is worth against the least of the chosen. */
  function valueLine(portfolio, { place, firms, employees }) {
    const value = portfolio.value[place];
    const cost = decision.cost[place];
    if (value === null || cost === null) return null;
    const reach = decision.reach === "firms" ? firms : employees;
    const what = decision.partial ? say("what", { cost: cm.money(cost) })
      : reach === null ? say(`what_${decision.reach}_withheld`, { cost: cm.money(cost) })
        : say(`what_${decision.reach}`, { cost: cm.money(cost), reach: cm.number(reach, 0) });
    return say(value < 1 ? "value_less" : "value_more", { what, times: timesText(value) });
  }

  function freedLine(portfolio, place) {
    if (!portfolio.freed) return null;
    const rules = portfolio.freed.rules[portfolio.freed.codes[place]];
    return rules.length ? say(rules.length > 1 ? "freed_any" : "freed",
      { rules: rules.map(cm.sentence).join(" · ") }) : null;
  }

  /** What keeps a cluster out of a portfolio, with its own budget. */
  function lacking(portfolio, place) {
    const reason = cm.decode(portfolio.ineligible, place);
    if (reason) return say("ineligible", { reason: reasonOf(reason) });
    const rules = portfolio.barred.rules[portfolio.barred.codes[place]];
    if (rules.length) return say("barred", { rules: rules.map(cm.sentence).join(", ") });
    const times = portfolio.times[place];
    if (times !== null) {
      return times - 1 < 1e-9 ? say("level")
        : say("times", { percent: percentMore(times), times: cm.number(times, 2) });
    }
    const least = portfolio.least[place];
    return least !== null && least > 1 ? say("least", { percent: percentMore(least) })
      : say("unknown");
  }

  // Runs of budgets with which it is chosen, of all that were tried.
  function budgets(portfolio, place) {
    const stops = cm.stopsOf(portfolio);
    if (stops.length < 2) return null;
    const inside = stops.map((stop) => stop.chosen.has(place));
    const first = inside.indexOf(true);
    const tried = `(${say("steps", { count: cm.number(stops.length, 0) })})`;
    if (first < 0) {
      return `${say("never", { budget: cm.money(stops[stops.length - 1].budget) })} ${tried}`;
    }
    const gaps = [];
    for (let at = first; at < stops.length; at += 1) {
      if (inside[at]) continue;
      let last = at;
      while (last + 1 < stops.length && !inside[last + 1]) last += 1;
      gaps.push(last === at ? cm.money(stops[at].budget) : say("gap_to",
        { first: cm.money(stops[at].budget), last: cm.money(stops[last].budget) }));
      at = last;
    }
    const values = { budget: cm.money(stops[first].budget), gaps: gaps.join(", ") };
    return `${say(gaps.length ? "from_but" : "from", values)} ${tried}`;
  }

  function equalLine(place) {
    if (cm.decode(decision.portfolios[0].ineligible, place)) return null;
    return say("equal", { money: cm.money(cm.equalMoney()[place]),
      share: cm.wholePercent(cm.equalShare(place)) });
  }

  function currentLine(place) {
    const money = decision.current && decision.current[place];
    return money ? say("current", { money: cm.money(money) }) : null;
  }

  function moneyLine(portfolio, place) {
    const cost = decision.cost[place];
    const order = portfolio.order[place];
    return cost === null || order === null ? null : say("money", { cost: cm.money(cost),
      order: cm.number(order, 0), count: cm.number(cm.eligible(portfolio), 0) });
  }

  function scenarioRow(portfolio, place) {
    const share = portfolio.inclusion[place];
    const status = cm.ownStatus(portfolio, place);
    const name = cm.portfolioName(portfolio);
    const button = cm.make("button", { type: "button", class: "link user", title: name,
      text: cm.cut(name, LONGEST) });
    button.addEventListener("click", () => cm.ask("selected", portfolio.name));
    const cell = cm.make("td", {});
    if (portfolio.feasible) cell.append(cm.statusMark(status), ` ${cm.statusWord(status)}`);
    else cell.textContent = cm.say("page.choice.compared.none");
    return cm.make("tr", {}, cm.make("th", { scope: "row" }, button), cell,
      cm.make("td", { class: "number", text: share === null || !portfolio.feasible ? "–"
        : cm.wholePercent(share) }));
  }

  function scenarios(place) {
    const { portfolios } = decision;
    if (portfolios.length < 2) return null;
    return cm.part(cm.subheading(say("scenarios")), cm.table([say("scenario"),
      cm.say("page.choice.column"), cm.say("page.choice.column_share")],
    portfolios.map((one) => scenarioRow(one, place)), "by-scenario"));
  }

  function verdict(portfolio, place) {
    const status = cm.state.question === "selected" ? cm.statuses()[place]
      : cm.ownStatus(portfolio, place);
    const stop = cm.stop();
    const other = stop.own ? null : say("own_budget", { budget: cm.money(portfolio.budget),
      word: cm.statusWord(cm.ownStatus(portfolio, place)) });
    return cm.make("p", { class: "choice-verdict" }, cm.statusMark(status),
      cm.make("b", { text: cm.statusWord(status) }),
      cm.make("small", { text: [cm.cut(cm.portfolioName(portfolio), LONGEST),
        cm.money(stop.budget)].join(" · ") }),
      other ? cm.make("small", { class: "other-budget", text: other }) : null);
  }

  /** What stands beside the folded part: one word. */
  cm.choiceHint = function (cluster) {
    if (!decision) return "";
    const portfolio = cm.portfolio();
    return portfolio.feasible ? cm.statusWord(cm.ownStatus(portfolio, cluster.place))
      : cm.say("page.choice.compared.none");
  };

  /** Why a cluster is chosen or not; null where nothing was asked to be. */
  cm.choicePart = function (cluster) {
    if (!decision) return null;
    const { place } = cluster;
    const portfolio = cm.portfolio();
    const status = cm.ownStatus(portfolio, place);
    const inside = cm.isChosen(status);
    const lines = portfolio.feasible ? [
      inside ? null : valueLine(portfolio, cluster),
      inside ? null : freedLine(portfolio, place),
      inside ? null : lacking(portfolio, place),
      status === "barred" ? null : sureLine(portfolio, place),
      status === "open" && cm.isUndecided(portfolio.inclusion[place]) ? say("open") : null,
      status === "barred" ? null : budgets(portfolio, place),
      moneyLine(portfolio, place),
      equalLine(place),
      currentLine(place),
    ] : [say("infeasible"), moneyLine(portfolio, place), equalLine(place),
      currentLine(place)];
    const { reach } = decision;
    const { capability, exponent } = portfolio;
    return cm.make("div", { id: "choice-card" }, verdict(portfolio, place),
      cm.make("ul", { class: "reasons" }, ...lines.filter(Boolean).map((text) =>
        cm.make("li", { text }))), scenarios(place),
      cm.quiet(say(reach === "firms" ? "worth_firms" : "worth_employees", {
        capability: cm.percent(capability), linkage: cm.percent(1 - capability),
        exponent: String(exponent) })));
  };
});
