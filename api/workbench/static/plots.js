// The two plots that a comparison needs: figures with intervals, and confusion matrices.

import { h, svg } from "./dom.js";
import { LETTERS, nameOf } from "./labels.js";

const WIDTH = 300;
const HEIGHT = 22;
const EDGE = 8;

/** F1 of each label, old and new, with the interval of the difference. */
export function f1Table(comparison) {
  const labels = Object.entries(comparison.labels);
  const rows = [
    ["macro F1", comparison.macro_f1, null],
    ...labels.map(([label, scores]) => [nameOf(label), scores, label]),
  ];
  const widest = Math.max(
    0.02,
    ...rows.flatMap(([, scores]) => [Math.abs(scores.low), Math.abs(scores.high)]),
  );
  const scale = `gain from −${widest.toFixed(2)} to +${widest.toFixed(2)}`;
  const head = [
    ["label"],
    ["now", "number"],
    ["new", "number"],
    ["F1 from 0 to 1"],
    ["gain, 95 % interval", "number"],
    [scale],
  ];
  return h(
    "table",
    { class: "figures" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map(([name, scores, label]) => f1Row(name, scores, label, widest)),
    ),
  );
}

function f1Row(name, scores, label, widest) {
  const badge = label
    ? h("span", { class: `badge l-${label}`, "aria-hidden": "true" }, LETTERS[label])
    : null;
  const gain = `${signed(scores.difference)} (${signed(scores.low)} to ${signed(scores.high)})`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("span", { class: "named" }, badge, name)),
    h("td", { class: "number" }, scores.active.toFixed(3)),
    h("td", { class: "number" }, scores.candidate.toFixed(3)),
    h("td", {}, dumbbell(scores)),
    h("td", { class: "number" }, gain),
    h("td", {}, interval(scores, widest)),
  );
}

function canvas(...children) {
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", "aria-hidden": "true" },
    children,
  );
}

function x(share) {
  return EDGE + share * (WIDTH - 2 * EDGE);
}

/** A hollow dot for now, a full one for new. */
function dumbbell({ active, candidate }) {
  const middle = HEIGHT / 2;
  const better = candidate >= active ? "gain" : "loss";
  return canvas(
    svg("line", { class: "axis", x1: x(0), x2: x(1), y1: middle, y2: middle }),
    svg("line", { class: better, x1: x(active), x2: x(candidate), y1: middle, y2: middle }),
    svg("circle", { class: "old", cx: x(active), cy: middle, r: 5 }),
    svg("circle", { class: better, cx: x(candidate), cy: middle, r: 5 }),
  );
}

/** The interval around the gain; the middle of the plot is no change. */
function interval({ difference, low, high }, widest) {
  const middle = HEIGHT / 2;
  const place = (value) => x(0.5 + value / (2 * widest));
  const kind = low > 0 ? "gain" : high < 0 ? "loss" : "unclear";
  return canvas(
    svg("line", { class: "axis", x1: x(0.5), x2: x(0.5), y1: 2, y2: HEIGHT - 2 }),
    svg("line", { class: kind, x1: place(low), x2: place(high), y1: middle, y2: middle }),
    svg("circle", { class: kind, cx: place(difference), cy: middle, r: 4 }),
  );
}

/** +0.012 with a real minus sign. */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

/** Words by known label (row) and given label (column); shaded by their share of the row. */
export function confusionMatrix(title, matrix, labels) {
  const used = labels
    .map((_, index) => index)
    .filter((index) => matrix[index].some(Boolean) || matrix.some((row) => row[index]));
  const letters = used.map((index) =>
    h("th", { scope: "col" }, h("abbr", { title: nameOf(labels[index]) }, LETTERS[labels[index]])),
  );
  return h(
    "table",
    { class: "matrix" },
    h("caption", {}, title),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "known ↓ given →"), letters)),
    h(
      "tbody",
      {},
      used.map((row) => matrixRow(labels[row], matrix[row], used, row)),
    ),
  );
}

function matrixRow(label, counts, used, own) {
  const total = Math.max(
    counts.reduce((sum, count) => sum + count, 0),
    1,
  );
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, nameOf(label)),
    used.map((column) =>
      h(
        "td",
        { class: column === own ? "right" : "wrong", "--p": counts[column] / total },
        counts[column] ? counts[column].toLocaleString("en") : "·",
      ),
    ),
  );
}
