// The scores that the reader looks at: a profile's, or those of weights chosen on the page.
cm.run(function (cm) {
  "use strict";

  const { payload } = cm;
  const { rules } = payload;
  const FIRST = payload.scenarios[0];
  const TOO_FEW_PARTS = "reason.too_few_parts";
  const DRAWS = 100;

  /** Shares and shades of the classes for so many rated clusters. */
  cm.classesOf = (count) => (count < rules.many_from ? rules.few : rules.many);

  /** Class of a rank: 0 for the best, as many as there are shares for those below the last. */
  cm.classOf = function (rank, count) {
    if (rank === 1) return 0;
    const { shares } = cm.classesOf(count);
    const found = shares.findIndex((share) => (100 * rank) / count <= share);
    return found < 0 ? shares.length : found;
  };

  /** A profile's own weights, as a list in the order of its parts. */
  cm.weightsOf = (scenario) => scenario.subscores.map((column) =>
    scenario.weights[column.subscore] || 0);

  /** Whether the score of a scenario is made of parts, so that they can be weighed otherwise. */
  cm.isWeighed = (scenario) => cm.weightsOf(scenario).some(Boolean);

  // Logarithm of the value of each part of each cluster; NaN where the data do not decide.
  function logarithms(scenario) {
    return scenario.subscores.map((column) => Float64Array.from(column.value, (value, place) =>
      (value === null || !column.decided[place] ? NaN : Math.log(value))));
  }

  const logs = logarithms(FIRST);

  /**
   * Score of every cluster with other weights: the weighted geometric mean of the parts that its
   * records decide; null where they hold less than half of the weight. Equal to the score that
   * Python computes.
   */
  cm.scoreWith = function (weights) {
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    return payload.clusters.id.map((_, place) => {
      let present = 0;
      logs.forEach((part, at) => {
        if (!Number.isNaN(part[place])) present += weights[at];
      });
      if (!(present > 0) || present < rules.least * whole - 1e-12) return null;
      let sum = 0;
      logs.forEach((part, at) => {
        if (!Number.isNaN(part[place])) sum += (weights[at] / present) * part[place];
      });
      return Math.exp(sum);
    });
  };

  // Deviates that are the same for every reader and every step of a slider (mulberry32).
  function* deviates(seed) {
    let state = seed;
    const uniform = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    for (;;) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      yield radius * Math.cos(angle);
      yield radius * Math.sin(angle);
    }
  }

  // Logarithms drawn from the interval of each part of every cluster, made once.
  let drawn = null;

  // Each half of an interval is that of a normal distribution: its two ends need not lie alike.
  function drawParts() {
    const columns = FIRST.subscores;
    const places = payload.clusters.id.length;
    const table = new Float32Array(places * DRAWS * columns.length);
    const source = deviates(1);
    let to = 0;
    for (let place = 0; place < places; place += 1) {
      for (let draw = 0; draw < DRAWS; draw += 1) {
        for (const column of columns) {
          const z = Number(source.next().value) / rules.z;
          const value = column.value[place];
          const end = z > 0 ? column.high[place] : column.low[place];
          const told = value !== null && column.decided[place];
          const far = told && end !== null ? value + Math.abs(z) * (end - value) : value;
          table[to] = told ? Math.log(Math.max(1, Math.min(100, far))) : NaN;
          to += 1;
        }
      }
    }
    return table;
  }

  /** Draw what intervals are found from, which the first step of a slider need not wait for. */
  cm.prepareIntervals = function () {
    drawn = drawn || drawParts();
  };

  const STEPS = 4096; // in so many steps the scores of a draw are told apart

  // Ranks of one draw by counting, which is faster than sorting and near enough for an interval.
  function rankDraw(scores, low, scale, counts, into, draw) {
    counts.fill(0);
    const last = STEPS - 1;
    for (let at = 0; at < scores.length; at += 1) {
      counts[Math.min(last, Math.floor((scores[at] - low) * scale))] += 1;
    }
    let above = 0;
    for (let step = last; step >= 0; step -= 1) {
      const here = counts[step];
      counts[step] = above + 1 + (here - 1) / 2;
      above += here;
    }
    for (let at = 0; at < scores.length; at += 1) {
      into[at * DRAWS + draw] =
        counts[Math.min(last, Math.floor((scores[at] - low) * scale))];
    }
  }

  const LOWEST = Math.floor(0.05 * (DRAWS - 1));
  const HIGHEST = Math.ceil(0.95 * (DRAWS - 1));

  // What would stand at a place if the values between were sorted (Hoare's FIND, which moves them):
  // a fourth of the time of sorting, at every step of a slider.
  function find(values, from, to, place) {
    let low = from;
    let high = to - 1;
    while (low < high) {
      const pivot = values[place];
      let left = low;
      let right = high;
      while (left <= right) {
        while (values[left] < pivot) left += 1;
        while (values[right] > pivot) right -= 1;
        if (left <= right) {
          const value = values[left];
          values[left] = values[right];
          values[right] = value;
          left += 1;
          right -= 1;
        }
      }
      if (right < place) low = left;
      if (left > place) high = right;
    }
    return values[place];
  }

  function endsOf(values, at) {
    const from = at * DRAWS;
    const low = find(values, from, from + DRAWS, from + LOWEST);
    return [low, find(values, from + LOWEST, from + DRAWS, from + HIGHEST)];
  }

  /** 90 % intervals of score and rank with weights, from the intervals of the parts. */
  function intervals(clusters, weights) {
    cm.prepareIntervals();
    const parts = weights.length;
    const count = clusters.length;
    const scores = new Float32Array(count * DRAWS);
    const ranks = new Float32Array(count * DRAWS);
    for (let at = 0; at < count; at += 1) {
      const from = clusters[at].place * DRAWS * parts;
      let present = 0;
      for (let part = 0; part < parts; part += 1) {
        if (!Number.isNaN(drawn[from + part])) present += weights[part];
      }
      for (let draw = 0; draw < DRAWS; draw += 1) {
        let sum = 0;
        for (let part = 0; part < parts; part += 1) {
          const value = drawn[from + draw * parts + part];
          if (!Number.isNaN(value)) sum += weights[part] * value;
        }
        scores[at * DRAWS + draw] = sum / present;
      }
    }
    const one = new Float32Array(count);
    const counts = new Float32Array(STEPS);
    for (let draw = 0; draw < DRAWS; draw += 1) {
      let low = Infinity;
      let high = -Infinity;
      for (let at = 0; at < count; at += 1) {
        const score = scores[at * DRAWS + draw];
        one[at] = score;
        if (score < low) low = score;
        if (score > high) high = score;
      }
      rankDraw(one, low, STEPS / Math.max(high - low, 1e-9), counts, ranks, draw);
    }
    return clusters.map((_, at) => ({
      score: endsOf(scores, at).map(Math.exp),
      rank: endsOf(ranks, at),
    }));
  }

  function confidenceOf(width, span) {
    const { words, width: widths, span: spans } = rules.confidence;
    const at = widths.findIndex((most, place) => width <= most && span <= spans[place]);
    return words[at < 0 ? words.length - 1 : at];
  }

  // Ties share the smallest rank.
  function rankBy(clusters) {
    clusters.sort((a, b) => b.score - a.score || a.place - b.place);
    clusters.forEach((cluster, at) => {
      const before = clusters[at - 1];
      cluster.rank = before && before.score === cluster.score ? before.rank : at + 1;
    });
  }

  function applyWeights(weights) {
    const scores = cm.scoreWith(weights);
    const rated = [];
    for (const cluster of cm.model.clusters) {
      const own = cm.decode(FIRST.scores.reason, cluster.place);
      const open = own !== "" && own !== TOO_FEW_PARTS;
      cluster.score = open ? null : scores[cluster.place];
      cluster.rated = cluster.score !== null;
      cluster.reason = open ? own : cluster.rated ? "" : TOO_FEW_PARTS;
      if (cluster.rated) rated.push(cluster);
      else Object.assign(cluster, { rank: null, rankLow: null, rankHigh: null, low: null,
        high: null, confidence: "" });
    }
    const found = intervals(rated, weights);
    const before = new Map(rated.map((cluster, at) => [cluster, found[at]]));
    rankBy(rated);
    for (const cluster of rated) {
      const { score, rank } = before.get(cluster);
      cluster.low = Math.min(cluster.score, score[0]);
      cluster.high = Math.max(cluster.score, score[1]);
      cluster.rankLow = Math.min(cluster.rank, Math.floor(rank[0]));
      cluster.rankHigh = Math.max(cluster.rank, Math.ceil(rank[1]));
      cluster.confidence = confidenceOf(cluster.high - cluster.low,
        (cluster.rankHigh - cluster.rankLow) / rated.length);
    }
  }

  function applyScenario(scenario) {
    const columns = scenario.scores;
    for (const cluster of cm.model.clusters) {
      const at = cluster.place;
      Object.assign(cluster, {
        rated: Boolean(columns.rated[at]) && columns.rank[at] !== null,
        score: columns.score[at], low: columns.low[at], high: columns.high[at],
        rank: columns.rank[at], rankLow: columns.rank_low[at], rankHigh: columns.rank_high[at],
        reason: cm.decode(columns.reason, at), confidence: cm.decode(columns.confidence, at),
      });
    }
  }

  /** The scenario that is shown; with weights of the reader it is the project's own. */
  cm.scenario = () => (cm.state && cm.state.weights === null
    ? payload.scenarios.find((one) => one.name === cm.state.scenario) || FIRST : FIRST);

  /** Put the scores of the scenario or of the reader's weights on the clusters. */
  cm.applyScores = function () {
    const { model } = cm;
    const scenario = cm.scenario();
    const weights = cm.state ? cm.state.weights : null;
    if (weights === null) applyScenario(scenario);
    else applyWeights(weights);
    for (const cluster of model.clusters) {
      // These two do not hang on the weights.
      cluster.capability = scenario.scores.capability[cluster.place];
      cluster.gap = scenario.scores.gap[cluster.place];
      cluster.quadrant = cm.decode(scenario.scores.quadrant, cluster.place);
    }
    model.rated = model.clusters.filter((cluster) => cluster.rated)
      .sort((a, b) => a.rank - b.rank || a.place - b.place);
    model.unrated = model.clusters.filter((cluster) => !cluster.rated);
    cm.classes = cm.classesOf(model.rated.length);
    for (const cluster of model.clusters) {
      cluster.scoreClass = cluster.rated ? cm.classOf(cluster.rank, model.rated.length) : null;
    }
  };

  cm.applyScores();
});
