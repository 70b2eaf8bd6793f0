// Scenarios and simpler ways to spend the same money, side by side.
cm.run(function (cm) {
  "use strict";

  const { decision } = cm.payload;
  const say = (key, values) => cm.say(`page.choice.compared.${key}`, values);
  const cell = (...children) => cm.make("td", { class: "number" }, ...children);
  const LONGEST = 60;
  const small = (text) => cm.make("small", { text });
  const count = (value) => (value === null ? "–" : cm.number(value, 0));

  function scenarioHead(portfolio) {
    const on = cm.state.question === "selected" && cm.portfolio() === portfolio;
    const name = cm.portfolioName(portfolio);
    const button = cm.make("button", { type: "button", class: "link user",
      "aria-pressed": String(on), title: name, text: cm.cut(name, LONGEST) });
    button.addEventListener("click", () => cm.ask("selected", portfolio.name));
    return button;
  }

  function scenarioRow(portfolio) {
    const profile = portfolio.profile ? cm.label(`profile.${portfolio.profile}.label`,
      `profile.${portfolio.profile}`) : "";
    const head = cm.make("th", { scope: "row" }, scenarioHead(portfolio),
      profile ? small(say("profile", { profile: cm.cut(profile, LONGEST) })) : null);
    const row = cm.make("tr", {}, head);
    if (portfolio === cm.portfolio()) row.setAttribute("aria-current", "true");
    if (!portfolio.feasible) {
      row.append(cell(cm.make("b", { text: say("none") })),
        cell("–", small(cm.money(portfolio.budget))), cell("–"), cell("–"));
      return row;
    }
    const drawn = portfolio.draws > 0;
    row.append(cell(cm.make("b", { text: count(portfolio.chosen.length) })),
      cell(cm.money(portfolio.spent), small(cm.money(portfolio.budget))),
      cell(drawn ? count(portfolio.core) : "–"),
      cell(drawn ? count(portfolio.borderline) : "–",
        drawn ? small(say("draws", { draws: count(portfolio.draws) })) : null));
    return row;
  }

  function told(portfolio) {
    const lines = portfolio.told.map(cm.sentence);
    if (portfolio.unrated_chosen) {
      lines.push(say("unrated_chosen", { unrated: count(portfolio.unrated),
        count: count(portfolio.unrated_chosen) }));
    }
    if (!lines.length) return [];
    return [cm.heading(say("told", { scenario: cm.portfolioName(portfolio) })),
      cm.make("ul", { class: "reasons", id: "choice-sentences" },
        ...lines.map((text) => cm.make("li", { text })))];
  }

  // The portfolio of each scenario, then the other ways with the money of the one looked at.
  function rows() {
    const portfolio = cm.portfolio();
    const own = decision.portfolios.flatMap((one) => one.ways
      .filter(({ way }) => way === "selection").map((way) => ({ way, portfolio: one,
        equal: one.ways.find((other) => other.way === "equal") })));
    const others = portfolio.ways.filter(({ way }) => way !== "selection" && way !== "current")
      .map((way) => ({ way, portfolio: null, equal: null }));
    return [...own, ...others];
  }

  // The money that is given now is other money: it stands in no list of the same.
  const otherMoney = () => cm.portfolio().ways.filter(({ way }) => way === "current")
    .map((way) => ({ way: { ...way, beaten: way.beaten.map(() => null) }, portfolio: null,
      equal: null }));

  const nameOf = ({ way, portfolio }) => (portfolio
    ? `${cm.say("page.choice.way.selection")}: ${cm.cut(cm.portfolioName(portfolio), LONGEST)}`
    : cm.label(`page.choice.way.${way.way}`));

  const rowHead = (row) => cm.make("th", { scope: "row", class: "user", text: nameOf(row) });

  function ratioCell(row, at) {
    const ratio = row.way.ratio[at];
    const beaten = row.portfolio ? row.equal && row.equal.beaten[at] : row.way.beaten[at];
    // Where the equal split is worth nothing there is no ratio.
    const text = ratio === null ? say(row.way.way === "equal" ? "nothing" : "equal_nothing") : cm.say("page.card.ratio_value", { value: cm.number(ratio, 2) });
    return cell(cm.make("b", { text }), typeof beaten !== "number" ? null
      : small(say(row.portfolio ? "beats_equal" : "beaten", { share: cm.wholePercent(beaten) })));
  }

  const SURE = 0.95;

  // By how many of the responses the portfolio is surely ahead of the equal split, or behind it.
  function ahead() {
    const equal = cm.portfolio().ways.find(({ way }) => way === "equal");
    const shares = equal ? equal.beaten.filter((share) => share !== null) : [];
    if (!shares.length) return null;
    const more = shares.filter((share) => share >= SURE).length;
    const less = shares.filter((share) => share <= 1 - SURE).length;
    const parts = Object.entries({ more, less, open: shares.length - more - less })
      .filter(([, number]) => number)
      .map(([name, number]) => say(`ahead_${name}`, { count: cm.number(Number(number), 0) }));
    return cm.make("p", { id: "choice-ahead", class: "lead", text: say("ahead", {
      scenario: cm.portfolioName(cm.portfolio()), of: cm.number(shares.length, 0),
      parts: parts.join(", ") }) });
  }

  function worth() {
    const found = rows();
    if (!found.length) return [];
    const heads = [say("way"), ...decision.curves.map((curve) =>
      cm.label(`page.choice.curve.${curve}`))];
    const worthRow = (row) => cm.make("tr", {}, rowHead(row),
      ...decision.curves.map((_, at) => ratioCell(row, at)));
    return [cm.heading(say("worth")), ahead() || "", cm.quiet(say("worth_note")),
      named("choice-worth", cm.table(heads, found.map(worthRow))), cm.quiet(say("ways_note"))];
  }

  // What the money of now is worth and whom it reaches, apart from the other ways.
  function other() {
    const found = otherMoney();
    if (!found.length) return [];
    const [{ way }] = found;
    const worthHeads = [say("other_worth", { budget: cm.money(cm.portfolio().budget) }),
      ...decision.curves.map((curve) => cm.label(`page.choice.curve.${curve}`))];
    return [cm.heading(say("other_money", { money: cm.money(way.spent) })),
      cm.quiet(cm.say("page.choice.other_money", { money: cm.money(way.spent),
        budget: cm.money(cm.portfolio().budget) })),
      named("choice-worth-other", cm.table(worthHeads, found.map((row) => cm.make("tr", {}, rowHead(row),
        ...decision.curves.map((_, at) => ratioCell(row, at)))))),
      named("choice-reach-other", cm.table(reachHeads(), found.map(reachRow), "dense"))];
  }

  const reachHeads = () => ["way", "reached", "firms", "people", "region", "industry"]
    .map((key) => say(key));

  function named(id, table) {
    table.firstChild.id = id;
    return table;
  }

  function placeCell(name, share, hhi) {
    const told = share === null ? "–" : `${name} ${cm.wholePercent(share)}`.trim();
    return cm.make("td", {}, cm.make("span", { class: "user", text: told }),
      hhi === null ? null : small(say("hhi", { hhi: cm.number(hhi, 2) })));
  }

  function reachRow(row) {
    const { way } = row;
    const group = (name, share) => name || (way.way === "random" || share === null ? ""
      : say("no_group"));
    return cm.make("tr", {}, rowHead(row), cell(count(way.reached)), cell(count(way.firms)),
      cell(count(way.people)),
      placeCell(group(way.top_region, way.top_region_share), way.top_region_share,
        way.hhi_region),
      placeCell(way.top_industry ? cm.industryName(way.top_industry)
        : group("", way.top_industry_share), way.top_industry_share, way.hhi_industry));
  }

  function reach() {
    const found = rows();
    if (!found.length) return [];
    return [cm.heading(say("reach")),
      named("choice-reach", cm.table(reachHeads(), found.map(reachRow), "dense")),
      cm.quiet(say("hhi_note"))];
  }

  function prices(portfolio) {
    const { rule, price, enter, leave, conflict } = portfolio.prices;
    if (!rule.length) return [];
    const scenario = cm.portfolioName(portfolio);
    if (conflict.some(Boolean)) {
      return [cm.heading(say("conflict", { scenario })), cm.make("ul", { class: "reasons" },
        ...rule.map((one) => cm.make("li", { text: cm.sentence(one) })))];
    }
    const priced = (share) => (share === null ? "–" : share < 1e-9 ? say("free")
      : `+${share < 0.001 ? cm.say("page.share_value", { value: "<0.1" }) : cm.percent(share)}`);
    const list = rule.map((one, at) => cm.make("tr", {},
      cm.make("th", { scope: "row", class: "user", text: cm.sentence(one) }),
      cell(priced(price[at])), cell(`${count(enter[at])} / ${count(leave[at])}`)));
    return [cm.heading(say("prices", { scenario })), cm.quiet(say("prices_note")),
      named("choice-prices", cm.table([say("rule"), say("price"), say("changes")], list))];
  }

  cm.drawScenarios = function () {
    const portfolio = cm.portfolio();
    const heads = [cm.say("page.choice.card.scenario"), say("chosen"), say("spent"), say("core"),
      say("borderline")];
    cm.byId("choices-body").replaceChildren(cm.heading(say("scenarios")),
      named("choice-scenarios", cm.table(heads, decision.portfolios.map(scenarioRow))),
      ...told(portfolio), ...worth(), ...reach(), ...other(), ...prices(portfolio));
  };

  if (decision) cm.addView("choices", cm.drawScenarios);
});
