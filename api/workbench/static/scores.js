// F1 of each label, now and new, and the gain: as a table, which screen readers read, and as charts.

import { f1Chart, gainChart } from "./charts.js";
import { h } from "./dom.js";
import { LETTERS, nameOf } from "./labels.js";

/** The scores of a comparison; `name` says of which pages. */
export function scoresPart(comparison, name) {
  const rows = [
    { name: "macro F1", label: null, scores: comparison.macro_f1 },
    ...Object.entries(comparison.labels).map(([label, scores]) => ({
      name: nameOf(label),
      label,
      scores,
    })),
  ];
  return h(
    "div",
    { class: "scores" },
    h(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": `${name}: F1 of each label` },
      table(rows),
    ),
    figure("F1", ["now", "new"], f1Chart(rows)),
    figure("Gain, 95 % interval", ["gain", "loss", "unclear"], gainChart(rows)),
  );
}

function figure(title, kinds, chart) {
  const legend = kinds.map((kind) => h("span", { class: `key ${kind}` }, kind));
  return h(
    "figure",
    {},
    h("figcaption", {}, title, h("span", { class: "keys-of-chart" }, legend)),
    chart,
  );
}

function table(rows) {
  const head = [
    ["label"],
    ["now", "number"],
    ["new", "number"],
    ["gain", "number"],
    ["95 % interval", "number"],
  ];
  return h(
    "table",
    { class: "figures" },
    h("caption", {}, "F1 of each label"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)),
      ),
    ),
    h("tbody", {}, rows.map(row)),
  );
}

function row({ name, label, scores }) {
  const badge = label
    ? h("span", { class: `badge l-${label}`, "aria-hidden": "true" }, LETTERS[label])
    : null;
  const figures = [
    scores.active.toFixed(3),
    scores.candidate.toFixed(3),
    signed(scores.difference),
    `${signed(scores.low)} to ${signed(scores.high)}`,
  ];
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("span", { class: "named" }, badge, name)),
    figures.map((figure) => h("td", { class: "number" }, figure)),
  );
}

/** +0.012 with a real minus sign. */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
