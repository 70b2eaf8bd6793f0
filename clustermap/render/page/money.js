// Amounts of money as people read them, as clustermap/render/money.py writes them.
cm.run(function (cm) {
  "use strict";

  const UNITS = {
    ko: [[1e8, "hundred_million"], [1e4, "ten_thousand"]],
    en: [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]],
  };
  const TRILLION = 1e12;
  const BELOW = 1e8;
  const round = (value) => Math.floor(value + 0.5);

  function write(value) {
    const tenths = round(10 * value);
    return value >= 100 || tenths % 10 === 0 ? cm.number(round(value), 0)
      : cm.number(tenths / 10, 1);
  }

  /** An amount in units that can be read: 300억 원, KRW 30 bn. */
  cm.money = function (amount) {
    if (amount === null || !cm.payload.decision) return cm.say("page.unknown");
    const code = cm.payload.decision.currency;
    const currency = code === "KRW" ? cm.say("page.money.won") : code;
    const tell = (key, values) => cm.say(`page.money.${key}`, { currency, ...values });
    if (!/^[A-Z]{3}$/.test(code)) return tell("plain", { number: write(amount) });
    const hundreds = round(amount / BELOW);
    if (cm.language === "ko" && hundreds * BELOW >= TRILLION) {
      const rest = hundreds % (TRILLION / BELOW);
      const number = cm.number(Math.floor(hundreds / (TRILLION / BELOW)), 0);
      return rest ? tell("trillion_rest", { number, rest: cm.number(rest, 0) })
        : tell("trillion", { number });
    }
    const unit = UNITS[cm.language].find(([size]) => round((10 * amount) / Number(size)) >= 10);
    return unit ? tell(unit[1], { number: write(amount / Number(unit[0])) })
      : tell("plain", { number: write(amount) });
  };
});
