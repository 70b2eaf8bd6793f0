// The table that is shown as a file of comma-separated values, for spreadsheets.
cm.run(function (cm) {
  "use strict";

  const MARK = "\ufeff"; // so that Excel reads Korean
  const LIVELY = /^[=+\-@\t\r]/; // a spreadsheet would compute what begins so

  /** @type {TableColumn[]} */
  const COLUMNS = [
    ["rank", (cluster) => cluster.rank], ["rank_low", (cluster) => cluster.rankLow],
    ["rank_high", (cluster) => cluster.rankHigh], ["cluster", (cluster) => cluster.id],
    ["name", (cluster) => cluster.name], ["name_en", (cluster) => cluster.nameEn],
    ["kind", (cluster) => cluster.kind], ["region", (cluster) => cluster.region],
    ["district", (cluster) => cluster.district], ["firms", (cluster) => cluster.firms],
    ["employees", (cluster) => cluster.employees],
    ["rated", (cluster) => Number(cluster.rated)], ["score", (cluster) => cluster.score],
    ["low", (cluster) => cluster.low], ["high", (cluster) => cluster.high],
    ["confidence", (cluster) => cluster.confidence],
    ["standing", (cluster) => cm.standingOf(cluster)],
    ["quadrant", (cluster) => cluster.quadrant],
    ["capability", (cluster) => cluster.capability], ["gap", (cluster) => cluster.gap],
    ["reason", (cluster) => cluster.reason],
    ["profile", () => (cm.state.weights ? `weights ${cm.state.weights.join(" ")}`
      : cm.scenario().profile)],
    ...cm.adviceColumns,
    ["synthetic", () => Number(cm.payload.about.synthetic)],
  ];

  /** @type {[string, (cluster: Cluster) => string | number | null][]} */
  const OF_CHOICE = [
    ["question", () => cm.state.question],
    ["scenario", () => cm.state.portfolio],
    ["budget", () => (cm.isSplit() ? cm.payload.decision.portfolios[0].budget
      : cm.stop().budget)],
    ["currency", () => cm.payload.decision.currency],
    ["status", (cluster) => cm.statusOf(cluster)],
    ["selected", (cluster) => (cm.isSplit() ? null
      : Number(cm.stop().chosen.has(cluster.place)))],
    ["dropped", (cluster) => (cm.isSplit() ? null
      : Number(cm.stop().dropped.has(cluster.place)))],
    // How sure it is holds for the scenario's own budget alone.
    ["inclusion", (cluster) => sure("inclusion", cluster)],
    ["inclusion_low", (cluster) => sure("low", cluster)],
    ["inclusion_high", (cluster) => sure("high", cluster)],
    ["draws", (cluster) => sure("counted", cluster)],
    ["cost", (cluster) => cm.payload.decision.cost[cluster.place]],
    ["money", (cluster) => (cm.isSplit() ? cm.moneyOf(cluster.place)
      : cm.stop().chosen.has(cluster.place) ? cm.payload.decision.cost[cluster.place] : 0)],
    ["value_for_money", (cluster) => cm.portfolio().order[cluster.place]],
    ["worth_times", (cluster) => (cm.isSplit() || !cm.stop().own ? null
      : cm.portfolio().times[cluster.place])],
  ];

  const sure = (key, cluster) => (cm.isSplit() || !cm.stop().own ? null
    : cm.portfolio()[key][cluster.place]);

  const columns = () => (cm.isChoosing() ? [...COLUMNS, ...OF_CHOICE] : COLUMNS);

  function cell(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = LIVELY.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  }

  /** Clusters as text: a head and one line each. */
  cm.writeTable = function (clusters) {
    const lines = [columns().map(([name]) => name),
      ...clusters.map((cluster) => columns().map(([, read]) => cell(read(cluster))))];
    return `${MARK}${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
  };

  /** Offer a table as a file. */
  cm.saveTable = function (clusters, name) {
    const mark = cm.payload.about.synthetic ? "_synthetic" : "";
    const file = new Blob([cm.writeTable(clusters)], { type: "text/csv;charset=utf-8" });
    const link = cm.make("a", { href: URL.createObjectURL(file),
      download: `clustermap_${name}${mark}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
});
