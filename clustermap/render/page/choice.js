// What a selection says of each cluster, under the question and the budget that is looked at.
cm.run(function (cm) {
  "use strict";

  const { decision } = cm.payload;
  const HALF = 0.5;
  const ALL = 1 - 1e-9;
  const UNDRAWN = "undrawn";

  /** Whether the map and the list answer a question about money, and not about scores. */
  cm.isChoosing = () => Boolean(decision) && cm.state.question !== "score";

  /** The portfolio that is looked at: of a scenario, else the project's own. */
  cm.portfolio = () => decision && (decision.portfolios.find((one) =>
    one.name === cm.state.portfolio) || decision.portfolios[0]);

  cm.portfolioName = (portfolio) => (portfolio === decision.portfolios[0]
    ? cm.say("page.choice.own") : portfolio.name);

  /** Money given out by weights, to nobody more than the need: equal to Python's share_out. */
  cm.shareOut = function (costs, weights, budget) {
    const money = costs.map(() => 0);
    let open = costs.map((_, at) => at).filter((at) => weights[at] > 0);
    let left = budget;
    while (open.length && left > 0) {
      const whole = open.reduce((sum, at) => sum + weights[at], 0);
      const unit = left;
      const offer = (at) => (unit * weights[at]) / whole;
      const full = open.filter((at) => costs[at] <= offer(at));
      for (const at of full.length ? full : open) {
        money[at] = full.length ? costs[at] : offer(at);
      }
      if (!full.length) break;
      left -= full.reduce((sum, at) => sum + costs[at], 0);
      const done = new Set(full);
      open = open.filter((at) => !done.has(at));
    }
    return money;
  };

  const ineligible = (portfolio, place) => cm.decode(portfolio.ineligible, place);
  let split = null;

  /** Money of every cluster if the project's budget is split equally over those that may be chosen. */
  cm.equalMoney = function () {
    if (!split) {
      const [own] = decision.portfolios;
      const costs = decision.cost.map((cost) => cost || 0);
      const weights = costs.map((_, place) => (ineligible(own, place) ? 0 : 1));
      split = cm.shareOut(costs, weights, own.budget || 0);
    }
    return split;
  };

  /** Whether money is looked at that is given out otherwise than by a portfolio. */
  cm.isSplit = () => cm.isChoosing() && cm.state.question !== "selected";

  /** Money of a cluster by the equal split, or as it is now. */
  cm.moneyOf = (place) => (cm.state.question === "current"
    ? (decision.current && decision.current[place]) || 0 : cm.equalMoney()[place]);

  /** Share of what a cluster needs that the equal split gives it. */
  cm.equalShare = function (place) {
    const cost = decision.cost[place];
    return cost ? cm.equalMoney()[place] / cost : 1;
  };

  cm.equalLevel = (cluster) => (cm.isChoosing() && cm.state.question === "equal"
    ? cm.equalShare(cluster.place) : null);

  const isOwn = (share) => Math.abs(share - 1) < 1e-9;
  const known = new Map(); // portfolio to its stops

  function walk(portfolio) {
    const { path } = portfolio;
    const chosen = new Set();
    const ever = new Set();
    const stops = path.share.map((share, at) => {
      for (const place of path.leave[at]) chosen.delete(place);
      for (const place of path.enter[at]) chosen.add(place);
      for (const place of chosen) ever.add(place);
      const feasible = Boolean(path.feasible[at]);
      return { share, budget: path.budget[at], feasible, spent: path.spent[at],
        worth: path.worth[at], chosen: new Set(chosen), own: isOwn(share),
        dropped: new Set(feasible ? [...ever].filter((place) => !chosen.has(place)) : []) };
    });
    if (stops.some((stop) => stop.own)) return stops;
    const own = new Set(portfolio.chosen);
    const before = stops.filter((stop) => stop.share < 1).flatMap((stop) => [...stop.chosen]);
    stops.push({ share: 1, budget: portfolio.budget, feasible: portfolio.feasible,
      spent: portfolio.spent, worth: 1, chosen: own, own: true,
      dropped: new Set(before.filter((place) => !own.has(place))) });
    return stops.sort((a, b) => a.share - b.share);
  }

  /** Budgets that were tried for a portfolio, the smallest first, with what each chooses. */
  cm.stopsOf = function (portfolio) {
    if (!known.has(portfolio)) known.set(portfolio, walk(portfolio));
    return known.get(portfolio);
  };

  const ownStop = (portfolio) => cm.stopsOf(portfolio).find((stop) => stop.own);

  /** The budget that is looked at; the scenario's own unless the reader has moved it. */
  cm.stop = function () {
    const stops = cm.stopsOf(cm.portfolio());
    return (cm.isChoosing() && cm.state.budget !== null && stops[cm.state.budget])
      || ownStop(cm.portfolio());
  };

  function statusAt(portfolio, stop, place) {
    if (ineligible(portfolio, place) && !stop.chosen.has(place)) return "barred";
    const inside = stop.chosen.has(place);
    const standing = stop.own ? cm.decode(portfolio.standing, place) : UNDRAWN;
    if (standing === UNDRAWN || !standing) {
      return inside ? "chosen" : stop.dropped.has(place) ? "dropped" : "out";
    }
    if (inside) return standing === "core" ? "core" : "unsure";
    if (standing !== "exterior") return "open";
    return stop.dropped.has(place) ? "dropped" : "exterior";
  }

  function equalStatus(place) {
    if (ineligible(decision.portfolios[0], place)) return "barred";
    const share = cm.equalShare(place);
    return share >= ALL ? "whole" : share >= HALF * ALL ? "half" : "part";
  }

  // What the project's own portfolio would change of the money that is given now.
  function currentStatus(place) {
    const chosen = ownStop(decision.portfolios[0]).chosen.has(place);
    const funded = cm.moneyOf(place) > 0;
    return funded ? chosen ? "kept" : "leaves" : chosen ? "joins" : "none";
  }

  /** How a cluster stands in a portfolio, with its own budget. */
  cm.ownStatus = (portfolio, place) => statusAt(portfolio, ownStop(portfolio), place);

  /** Statuses in the order of the list. */
  cm.STATUSES = ["core", "unsure", "chosen", "open", "dropped", "exterior", "out",
    "kept", "leaves", "joins", "none", "whole", "half", "part", "barred"];

  /** Statuses of those that get support as a whole. */
  cm.isChosen = (status) => ["core", "unsure", "chosen"].includes(status);

  let found = { key: "", statuses: [] };

  /** How every cluster stands under the question and the budget that is looked at. */
  cm.statuses = function () {
    const key = [cm.state.question, cm.state.portfolio, cm.state.budget].join("\n");
    if (found.key !== key) {
      const portfolio = cm.portfolio();
      const stop = cm.stop();
      found = { key, statuses: cm.model.clusters.map(({ place }) =>
        (cm.state.question === "equal" ? equalStatus(place)
          : cm.state.question === "current" ? currentStatus(place)
            : statusAt(portfolio, stop, place))) };
    }
    return found.statuses;
  };

  cm.statusOf = (cluster) => cm.statuses()[cluster.place];

  const byNumber = (values) => (a, b) => {
    const one = values(a);
    const other = values(b);
    return (one === null ? Infinity : one) - (other === null ? Infinity : other)
      || a.place - b.place;
  };

  /** Clusters by status in the order of the list: by value for money, or by score. */
  cm.choiceGroups = function () {
    const statuses = cm.statuses();
    const { order } = cm.portfolio();
    const { question } = cm.state;
    const sorted = [...cm.model.clusters].sort(byNumber(question === "equal"
      ? (cluster) => cluster.rank : question === "current"
        ? (cluster) => -cm.moneyOf(cluster.place) : (cluster) => order[cluster.place]));
    return cm.STATUSES.map((status) => ({ status,
      clusters: sorted.filter(({ place }) => statuses[place] === status) }))
      .filter((group) => group.clusters.length);
  };

  /** The mark of a status: its shape and shade say the same as its word. */
  cm.statusMark = (status) => cm.make("i", { class: `status status-${status}`, "aria-hidden": "true" });

  cm.statusWord = (status) => cm.say(`page.choice.status.${status}`);

  /** A share that draws have found, or any other, in whole percent but never wrongly 0 or 100. */
  cm.wholePercent = function (share) {
    const whole = Math.floor(100 * share + 0.5 + 1e-9); // half up
    return cm.say("page.share_value", { value: share > 0 && whole === 0 ? "<1"
      : share < 1 && whole === 100 ? ">99" : cm.number(whole, 0) });
  };

  /** Whether the data do not decide: chosen in neither most nor few draws. */
  cm.isUndecided = (share) => share !== null
    && share >= decision.even[0] && share <= decision.even[1];

  /** Clusters that may be chosen, and hence have a place by value for money. */
  cm.eligible = (portfolio) => portfolio.order.filter((_, place) =>
    !ineligible(portfolio, place)).length;

  /** Whether one is left out whose share of draws is higher than that of one that is chosen. */
  cm.isMixed = function (portfolio) {
    const inside = new Set(portfolio.chosen);
    let least = 1;
    let most = 0;
    portfolio.inclusion.forEach((share, place) => {
      if (share === null || ineligible(portfolio, place)) return;
      if (inside.has(place)) least = Math.min(least, share);
      else most = Math.max(most, share);
    });
    return least < most;
  };

  /** What a heading says of those below it. */
  cm.statusNote = (status) => cm.say(`page.choice.note.${status === "unsure"
    && cm.isMixed(cm.portfolio()) ? "unsure_mixed" : status}`);

  /** What is asked, in words. */
  cm.questionName = function () {
    if (cm.state.question !== "selected") return cm.say(`page.choice.ask_${cm.state.question}`);
    const portfolio = cm.portfolio();
    return portfolio === decision.portfolios[0] ? cm.say("page.choice.ask_selected")
      : portfolio.name;
  };

  /** Second line of a tip about a cluster. */
  cm.choiceLine = function (cluster) {
    const { place } = cluster;
    const word = cm.statusWord(cm.statusOf(cluster));
    if (cm.state.question === "equal") {
      return `${cm.money(cm.equalMoney()[place])} (${cm.wholePercent(cm.equalShare(place))})`;
    }
    if (cm.state.question === "current") return `${word} · ${cm.money(cm.moneyOf(place))}`;
    const portfolio = cm.portfolio();
    const share = portfolio.inclusion[place];
    return share === null || !cm.stop().own ? word : `${word} · ${cm.say("page.choice.tip_share", {
      share: cm.wholePercent(share), draws: cm.number(portfolio.counted[place] || 0, 0) })}`;
  };
});
