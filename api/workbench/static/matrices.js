// Confusion matrices: numbers in a table, shaded.

import { h } from "./dom.js";
import { LETTERS, nameOf } from "./labels.js";

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
