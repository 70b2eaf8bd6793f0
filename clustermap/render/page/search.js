// Finding clusters: by words in Korean and English, by initial consonants, and by filters.
cm.run(function (cm) {
  "use strict";

  const FIRST_SYLLABLE = 0xac00;
  const LAST_SYLLABLE = 0xd7a3;
  const PER_INITIAL = 588; // syllables with one initial consonant
  const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
  const SPECIALISED = 1; // a location quotient above it

  const plain = (text) => text.normalize("NFC").toLowerCase();
  const squeeze = (text) => plain(text).replace(/\s+/g, "");

  /** The initial consonant of a syllable; any other sign is its own. */
  function initialOf(sign) {
    const code = sign.charCodeAt(0);
    if (code < FIRST_SYLLABLE || code > LAST_SYLLABLE) return sign;
    return INITIALS[Math.floor((code - FIRST_SYLLABLE) / PER_INITIAL)];
  }

  const initialsOf = (text) => Array.from(text, initialOf).join("");

  // Names are looked through often: what is compared is made once.
  function textsOf(cluster) {
    if (cluster.texts === undefined) {
      const names = [cluster.name, cluster.nameEn].filter(Boolean).map(squeeze);
      const industries = Object.entries(cm.payload.industries)
        .filter(([industry]) => cm.isIn(cluster, industry))
        .flatMap(([, label]) => [label.ko, label.en]);
      const others = [cluster.region + cluster.district, cluster.kind, cluster.id, ...industries]
        .map(squeeze);
      cluster.texts = { names, initials: names.map(initialsOf),
        others, otherInitials: others.map(initialsOf) };
    }
    return cluster.texts;
  }

  // A sign of the word is met by itself or, if it is a consonant, by a syllable that begins so.
  function positionIn(text, initials, word) {
    const consonants = Array.from(word).some((sign) => INITIALS.includes(sign));
    if (!consonants) return text.indexOf(word);
    for (let at = initials.indexOf(initialsOf(word)); at >= 0;
      at = initials.indexOf(initialsOf(word), at + 1)) {
      const fits = Array.from(word).every((sign, step) =>
        sign === text[at + step] || sign === initials[at + step]);
      if (fits) return at;
    }
    return -1;
  }

  // 0: a name begins with it, 1: a name holds it, 2: it stands in the place, kind or identifier.
  function nearness(cluster, word) {
    const texts = textsOf(cluster);
    let best = 3;
    texts.names.forEach((text, at) => {
      const position = positionIn(text, texts.initials[at], word);
      if (position >= 0) best = Math.min(best, position === 0 ? 0 : 1);
    });
    if (best < 3) return best;
    return texts.others.some((text, at) =>
      positionIn(text, texts.otherInitials[at], word) >= 0) ? 2 : 3;
  }

  /** How near a cluster is to what is searched: 0 nearest; null where a word is missing. */
  cm.nearnessOf = function (cluster, wanted) {
    const words = plain(wanted).split(/\s+/).filter(Boolean);
    if (!words.length) return 0;
    const whole = nearness(cluster, words.join(""));
    if (whole < 3) return whole;
    const each = words.map((word) => nearness(cluster, word));
    return each.every((one) => one < 3) ? Math.max(...each) : null;
  };

  const quotients = new Map(cm.payload.indicators
    .filter((column) => column.indicator === "location_quotient" && column.industry)
    .map((column) => [column.industry, column.value]));

  /** Whether a cluster is designated for an industry or specialised in it. */
  cm.isIn = function (cluster, industry) {
    if (cluster.industries.includes(industry)) return true;
    const values = quotients.get(industry);
    const value = values ? values[cluster.place] : null;
    return value !== null && value !== undefined && value > SPECIALISED;
  };

  const TESTS = {
    industry: cm.isIn,
    region: (cluster, region) => cluster.region === region,
    kind: (cluster, kind) => cluster.kind === kind,
    quadrant: (cluster, quadrant) => cluster.rated && cluster.quadrant === quadrant,
    standing: (cluster, standing) => cm.standingOf(cluster) === standing,
    choice: (cluster, status) => cm.isChoosing() && cm.statusOf(cluster) === status,
  };

  cm.isFiltered = () => Object.values(cm.state.filters).some(Boolean);

  /** Filters that ask for an answer: nobody that is not rated fits those that ask for a score. */
  const OF_ANSWERS = ["quadrant", "standing", "choice"];

  const passes = (cluster, ignored) => Object.entries(cm.state.filters)
    .every(([name, value]) => !value || ignored.includes(name) || TESTS[name](cluster, value));

  /** Clusters of a list that the search and the filters leave, the nearest first; with `any`
   * whatever their scores are and whether they are chosen. */
  cm.findClusters = function (clusters, any = false) {
    const left = clusters.filter((cluster) => passes(cluster, any ? OF_ANSWERS : []));
    if (!cm.state.search.trim()) return left;
    const near = new Map();
    for (const cluster of left) {
      const found = cm.nearnessOf(cluster, cm.state.search);
      if (found !== null) near.set(cluster, found);
    }
    return [...near.keys()].sort((a, b) => near.get(a) - near.get(b));
  };

  let found = null; // places of the clusters that the search and the filters leave

  /** Places of the clusters that the search and the filters leave; null where there are none. */
  cm.foundPlaces = function () {
    if (!cm.state.search.trim() && !cm.isFiltered()) return null;
    if (!found) found = new Set(cm.findClusters(cm.model.clusters).map(({ place }) => place));
    return found;
  };

  const byText = (a, b) => a.text.localeCompare(b.text, cm.language);

  function ownTexts(name) {
    const texts = [...new Set(cm.model.clusters.map((cluster) => cluster[name]))].filter(Boolean);
    return texts.map((text) => ({ key: text, text })).sort(byText);
  }

  /** What a filter can be set to: { key, text }. */
  cm.choicesOf = function (name) {
    if (name === "region" || name === "kind") return ownTexts(name);
    if (name === "standing") {
      return cm.standings.map((key) => ({ key, text: cm.say(`page.answer.${key}`) }));
    }
    if (name === "choice") {
      const present = cm.isChoosing() ? new Set(cm.statuses()) : new Set();
      return cm.STATUSES.filter((key) => present.has(key))
        .map((key) => ({ key, text: cm.statusWord(key) }));
    }
    if (name === "quadrant") {
      return ["local_global", "local", "global", "neither", "undecided"].map((key) =>
        ({ key, text: cm.say(`page.quadrants.${key}`) }));
    }
    return Object.keys(cm.payload.industries)
      .filter((key) => cm.model.clusters.some((cluster) => cm.isIn(cluster, key)))
      .map((key) => ({ key, text: cm.industryName(key) })).sort(byText);
  };

  /** What the table is narrowed to, in words; "" for nothing. */
  cm.conditions = function () {
    const told = cm.FILTERS.filter((name) => cm.state.filters[name]).map((name) =>
      cm.choicesOf(name).find((one) => one.key === cm.state.filters[name]).text);
    if (cm.state.search.trim()) told.unshift(`‘${cm.cut(cm.state.search.trim(), 40)}’`);
    return told.join(" · ");
  };

  cm.industryName = function (industry) {
    const label = Object.hasOwn(cm.payload.industries, industry)
      ? cm.payload.industries[industry] : null;
    return label ? label[cm.language] : industry;
  };

  function chooser(name) {
    const label = cm.say(`page.filter.${name}`);
    const select = cm.make("select", { id: `filter-${name}`, "aria-label": label });
    select.append(cm.make("option", { value: "", text: label }));
    for (const { key, text } of cm.choicesOf(name)) {
      select.append(cm.make("option", { value: key, text: cm.cut(text, 40) }));
    }
    select.value = cm.state.filters[name];
    select.addEventListener("change", () => cm.filter(name, select.value));
    return select;
  }

  function drawFilters() {
    /** @type {FilterName[]} */
    const own = ["industry", "region", "kind"];
    const names = own.filter((name) => cm.choicesOf(name).length > 1);
    const parts = names.map(chooser);
    if (cm.state.filters.quadrant) parts.push(chooser("quadrant"));
    if (cm.state.filters.standing) parts.push(chooser("standing"));
    if (cm.state.filters.choice) parts.push(chooser("choice"));
    if (cm.isFiltered() || cm.state.search) {
      const clear = cm.make("button", { type: "button", class: "link", id: "clear-filters",
        text: cm.say("page.filter.clear") });
      clear.addEventListener("click", () => {
        for (const name of cm.FILTERS) cm.filter(name, "");
        cm.search("");
        cm.byId("search").focus();
      });
      parts.push(clear);
    }
    const kept = document.activeElement ? document.activeElement.id : "";
    cm.byId("filters").replaceChildren(...parts);
    if (kept.startsWith("filter-") && cm.byId(kept)) cm.byId(kept).focus();
  }

  cm.buildSearch = function () {
    const box = cm.byId("search");
    box.addEventListener("input", () => cm.search(box.value));
    drawFilters();
    cm.on("scores", () => { found = null; });
    cm.on("choice", () => { found = null; });
    cm.on("filter", () => {
      found = null;
      cm.redraw();
      if (box.value !== cm.state.search) box.value = cm.state.search;
      drawFilters();
    });
    cm.on("language", drawFilters);
  };
});
