// About the score and the data: remarks first, then how to read, what the data cover, sources.
cm.run(function (cm) {
  "use strict";

  const { heading, quiet } = cm;
  const list = (texts, className) => cm.make("ul", { class: className || null },
    ...texts.map((text) => cm.make("li", { text })));

  // What the score is made of, each part with its meaning.
  function parts() {
    const keys = cm.payload.scenarios[0].subscores.map((column) => column.subscore)
      .filter((key) => cm.knows(`subscore.${key}.meaning`));
    if (!keys.length) return [];
    return [heading(cm.say("page.about.parts")), quiet(cm.say("page.about.parts_note")),
      definitions(keys, "subscore")];
  }

  function definitions(keys, group) {
    const terms = cm.make("dl");
    for (const key of keys) {
      terms.append(cm.make("dt", { text: cm.label(`${group}.${key}.label`) }),
        cm.make("dd", { text: cm.say(`${group}.${key}.meaning`) }));
    }
    return terms;
  }

  function measures() {
    const keys = [...new Set(cm.payload.indicators.map((column) => column.indicator))]
      .filter((key) => cm.knows(`indicator.${key}.meaning`));
    if (!keys.length) return [];
    return [heading(cm.say("page.about.measures")), definitions(keys, "indicator")];
  }

  // How to read a selection: what it costs, what it is worth, what sure means.
  function selection() {
    const { decision } = cm.payload;
    if (!decision) return [];
    const [own] = decision.portfolios;
    const say = (key, values) => cm.say(`page.choice.about.${key}`, values);
    const counted = own.counted.filter((one, place) => one !== null
      && !cm.decode(own.ineligible, place));
    return [heading(say("title")), list([say("cost"), say("worth", { exponent: String(own.exponent),
      capability: cm.percent(own.capability), linkage: cm.percent(1 - own.capability) }),
    say("selected"), own.draws ? say("sure", { draws: cm.number(own.draws, 0),
      first: cm.number(counted.reduce((least, one) => Math.min(least, one), own.draws), 0) })
      : say("undrawn")], "about-selection")];
  }

  cm.drawAbout = function () {
    const about = cm.payload.about;
    const close = cm.make("button", { type: "button", class: "close", "aria-label":
      cm.say("page.close"), text: "×" });
    close.addEventListener("click", () => cm.byId("about").close());
    const say = (key) => cm.say(`page.about.${key}`);
    cm.byId("about").replaceChildren(close,
      cm.make("h2", { id: "about-title", text: say("title") }),
      about.synthetic ? cm.make("p", { class: "mark", text: cm.say("page.synthetic") }) : "",
      about.internal ? quiet(cm.say("page.internal_long")) : "",
      ...selection(),
      cm.make("div", { class: "notes" }, heading(say("notes")), about.notes.length
        ? list(about.notes.map(cm.sentence)) : quiet(say("no_notes"))),
      heading(say("reading")), list([say("reading_rank"), say("reading_interval"),
        say("reading_score"), say("reading_median"), say("reading_unrated"),
        cm.say("about.independent_links")]), ...parts(),
      heading(say("sources")), list(about.attribution, "sources"), ...measures(),
      quiet(cm.say("page.made_with", { version: about.version })));
  };

  cm.openAbout = function () {
    cm.drawAbout();
    cm.byId("about").showModal();
  };
});
