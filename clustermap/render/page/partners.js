// With whom the selected cluster is linked: other clusters, places outside, countries abroad.
cm.run(function (cm) {
  "use strict";

  const PARTNERS = 10;
  const { subheading, quiet, part, table } = cm;

  function partnersOf(cluster) {
    const partners = new Map();
    for (const flow of cm.model.flowsOf[cluster.place]) {
      const cell = flow.source === cluster.place ? flow.target : flow.source;
      if (!partners.has(cell)) partners.set(cell, { cell, links: 0, kinds: new Map() });
      const partner = partners.get(cell);
      partner.links += flow.links;
      partner.kinds.set(flow.kind, (partner.kinds.get(flow.kind) || 0) + flow.links);
    }
    return [...partners.values()].sort((a, b) => b.links - a.links || a.cell - b.cell);
  }

  const cellId = (cell) => (cell < cm.model.clusters.length ? null
    : cm.payload.flows.beyond[cell - cm.model.clusters.length]);

  function cellName(cell) {
    const id = cellId(cell);
    if (id === null) return cm.names(cm.model.clusters[cell])[0];
    if (id === "outside:unknown") return cm.say("page.card.outside_unknown");
    if (id === "outside:") return cm.say("page.card.outside");
    if (id.startsWith("outside:")) {
      return cm.say("page.card.outside_place", { place: id.slice("outside:".length) });
    }
    return id;
  }

  /** Countries abroad, with the links of each kind. */
  function countriesOf(cluster) {
    const { abroad } = cm.payload;
    const countries = new Map();
    abroad.cluster.forEach((place, at) => {
      if (place !== cluster.place) return;
      const name = cm.country(cm.decode(abroad.country, at));
      if (!countries.has(name)) countries.set(name, { name, links: 0, kinds: new Map() });
      const country = countries.get(name);
      country.links += abroad.links[at];
      country.kinds.set(abroad.kind[at], abroad.links[at]);
    });
    return [...countries.values()].sort((a, b) => b.links - a.links);
  }

  function partnerRow(partner, most) {
    const name = partner.name === undefined ? cellName(partner.cell) : partner.name;
    const title = cm.make("th", { scope: "row" });
    if (partner.name === undefined && cellId(partner.cell) === null) {
      const button = cm.make("button", { type: "button", class: "link", text: name });
      button.addEventListener("click", () => {
        cm.select(cm.model.clusters[partner.cell].id);
        cm.byId("card").focus();
      });
      title.append(button);
    } else {
      title.textContent = name;
    }
    let at = 0;
    const marks = [...partner.kinds].sort((a, b) => a[0] - b[0]).map(([kind, count]) => {
      const width = (100 * count) / most;
      at += width;
      return { class: "piece", at: at - width, width, colour: cm.flowColour(kind) };
    });
    const told = [...partner.kinds].map(([kind, count]) =>
      `${cm.label(`kind.${cm.payload.kinds[kind]}`)} ${cm.number(count, 0)}`).join(", ");
    title.append(cm.bar("pieces", marks));
    return cm.make("tr", { title: told }, title,
      cm.make("td", { class: "number", text: cm.number(partner.links, 0) }));
  }

  function noneKey(key, withheld) {
    if (key === "abroad" && !cm.payload.about.abroad) return "page.card.no_abroad";
    return withheld ? "page.card.none_published" : "page.card.none";
  }

  /** The parts of the card on partners: cells of the country, then countries abroad. */
  cm.partnerParts = function (cluster) {
    // What is withheld must not read as if it were not there.
    const withheld = cm.payload.about.withheld.flows > 0;
    const note = withheld
      ? `${cm.say("page.card.partners_note")} ${cm.say("page.card.partners_withheld")}`
      : cm.say("page.card.partners_note");
    const section = (key, head, found) => part(subheading(cm.say(`page.card.${key}`)),
      found.length ? table([cm.say(`page.card.${head}`), cm.say("page.card.count")],
        found.map((one) => partnerRow(one, found[0].links)), "partners")
        : quiet(cm.say(noneKey(key, withheld))),
      key === "partners" && found.length ? quiet(note) : null);
    return [section("partners", "partner", partnersOf(cluster).slice(0, PARTNERS)),
      section("abroad", "country", countriesOf(cluster).slice(0, PARTNERS))];
  };
});
