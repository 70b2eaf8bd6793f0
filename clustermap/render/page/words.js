// Words and numbers in the language that the page is read in.
cm.run(function (cm) {
  "use strict";

  cm.language = cm.payload.about.language;

  /** A percent sign never parts from its number, whoever wrote the sentence. */
  const joinPercent = (text) => text.replace(/(\d|\}) %/g, "$1\u202f%");

  // Korean particles have two shapes, by the last sound of what stands before them; what stands in
  // brackets after it is not read. A pair stays where the sound is not known.
  const PARTICLES = { "을(를)": ["을", "를"], "이(가)": ["이", "가"], "은(는)": ["은", "는"],
    "과(와)": ["과", "와"], "와(과)": ["과", "와"], "(으)로": ["으로", "로"] };
  const AFTER_GAP = /^(["'’”)]*)(을\(를\)|이\(가\)|은\(는\)|과\(와\)|와\(과\)|\(으\)로)/;
  const SYLLABLE = 0xac00;
  const SYLLABLES = 11172;
  const ENDINGS = 28;
  const RIEUL = 8;
  const CLOSED = "013678"; // as they are read: 영, 일, 삼, 육, 칠, 팔
  const OPEN = "2459%";

  function particle(before, pair) {
    const last = before.replace(/\s*\([^()]*\)$/, "").replace(/[ '’"”)\]]+$/, "").slice(-1);
    const at = last ? last.charCodeAt(0) - SYLLABLE : -1;
    const spoken = at >= 0 && at < SYLLABLES;
    if (!last || !(spoken || (CLOSED + OPEN).includes(last))) return pair;
    const closed = spoken ? at % ENDINGS !== 0 : CLOSED.includes(last);
    const rieul = spoken ? at % ENDINGS === RIEUL : "178".includes(last);
    return PARTICLES[pair][closed && !(pair === "(으)로" && rieul) ? 0 : 1];
  }

  /** What follows a gap, with the particle that fits what fills it. */
  const fit = (before, after) => after.replace(AFTER_GAP, (_, marks, pair) =>
    marks + particle(before, pair));

  function find(key) {
    const dot = key.indexOf(".");
    const part = key.slice(0, dot);
    const rest = key.slice(dot + 1);
    if (!Object.hasOwn(cm.payload.words, part)) return null;
    return Object.hasOwn(cm.payload.words[part], rest) ? cm.payload.words[part][rest] : null;
  }

  /** The text of a catalogue entry; the key itself where there is none. */
  cm.say = function (key, values) {
    const entry = find(key);
    if (!entry) return key;
    const [first, ...rest] = joinPercent(entry[cm.language]).split(/\{(\w+)\}/);
    let told = first;
    for (let at = 0; at < rest.length; at += 2) {
      const value = values && rest[at] in values ? String(values[rest[at]]) : `{${rest[at]}}`;
      told += value + fit(value, rest[at + 1]);
    }
    return told;
  };

  /** The first of several entries that exists, else the last part of the first key. */
  cm.label = function (...keys) {
    const known = keys.find(find);
    return known ? cm.say(known) : keys[0].split(".").slice(1).join(".").replace(/\.label$/, "");
  };

  cm.knows = (key) => find(key) !== null;

  /** A sentence of the payload: a template by its number, and what fills its gaps. */
  cm.sentence = function (told) {
    const template = cm.payload.sentences[Number(told[0])][cm.language];
    const texts = /** @type {string[]} */ (told.length > 2 && cm.language === "en" ? told[2]
      : told[1]);
    return template.fixed.map((text, place) => {
      const after = place ? fit(texts[template.gaps[place - 1]], text).replace(/^ %/, "\u202f%") : text;
      return joinPercent(after) + (place < template.gaps.length ? texts[template.gaps[place]] : "");
    }).join("");
  };

  // Making a format costs more than using it, and a ranking has thousands of numbers.
  const formats = new Map();

  function formatOf(least, most) {
    const key = `${cm.language} ${least} ${most}`;
    if (!formats.has(key)) {
      formats.set(key, new Intl.NumberFormat(cm.language,
        { minimumFractionDigits: least, maximumFractionDigits: most }));
    }
    return formats.get(key);
  }

  /** A number as it is written in the language: with so many decimals, or as many as it needs. */
  cm.number = function (value, decimals) {
    const size = Math.abs(value);
    const most = decimals !== undefined ? decimals : size >= 100 ? 0 : size >= 10 ? 1 : 2;
    const least = decimals === undefined && Number.isInteger(value) ? 0 : most;
    return formatOf(least, most).format(value).replace("-", "−");
  };

  const countries = new Map();

  /** A country by its code of two letters, in the page's language; any other text as it stands. */
  cm.country = function (code) {
    if (!/^[A-Z]{2}$/.test(code)) return code;
    if (!countries.has(cm.language)) {
      countries.set(cm.language, new Intl.DisplayNames(cm.language, { type: "region" }));
    }
    return countries.get(cm.language).of(code);
  };

  cm.percent = (share) =>
    cm.say("page.share_value", { value: cm.number(100 * share, share < 0.1 ? 1 : 0) });
});
