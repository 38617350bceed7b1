// A run's outcome: what the gate says, figures of old and new, and the pages that change.

import { byId, counted, h } from "./dom.js";
import { LABELS, LETTERS, nameOf } from "./labels.js";
import { confusionMatrix } from "./matrices.js";
import { scoresPart } from "./scores.js";

const SETS = [
  ["by_page", "Your pages", "each predicted without itself"],
  ["by_site", "New sites", "your pages, each predicted without its site"],
  ["base", "The base's pages", "held back, so that nothing is forgotten"],
];
const SHOWN = 40;

/** Show what a run came to. */
export function showOutcome(outcome) {
  const target = byId("comparison");
  byId("comparison-box").hidden = false;
  target.replaceChildren(
    h("p", { class: "verdict" }, told(outcome)),
    ...Object.entries(outcome.kinds).map(([kind, report]) =>
      kindPart(kind, report, outcome.changes?.[kind] ?? []),
    ),
  );
}

function told({ version, active, promoted, reason }) {
  const result = promoted
    ? `${version} answers now in place of ${active}`
    : `${version} is a candidate beside ${active}`;
  return `${result}: ${reason}.`;
}

function kindPart(kind, report, changes) {
  const name = kind === "html" ? "HTML" : "Raw text";
  const summary = `${counted(report.pages, "page")} of ${counted(report.sites, "site")}; ${report.compared}`;
  const sets = SETS.filter(([key]) => report[key] !== null);
  return h(
    "section",
    { class: "kind" },
    h("h3", {}, name),
    h("p", { class: "hint" }, summary),
    sets.map(([key, title, meaning], place) =>
      set(report[key], `${name}, ${title.toLowerCase()}`, { title, meaning, open: place === 0 }),
    ),
    changedPages(changes, name),
  );
}

/** One set of pages; `name` is that of its regions, of which no two may have the same. */
function set(comparison, name, { title, meaning, open }) {
  const { active, candidate } = comparison.confusion;
  return h(
    "details",
    { open },
    h(
      "summary",
      {},
      title,
      h(
        "span",
        { class: "hint" },
        ` ${meaning}; ${counted(comparison.pages, "page")}, ${counted(comparison.blocks, "block")}`,
      ),
    ),
    scoresPart(comparison, name),
    h(
      "div",
      {
        class: "wide side-by-side",
        tabindex: "0",
        role: "region",
        "aria-label": `${name}: confusion matrices`,
      },
      confusionMatrix("Now, in words", active, LABELS),
      confusionMatrix("New, in words", candidate, LABELS),
    ),
  );
}

/** Each page with the labels that would change, now beside new. */
function changedPages(changes, name) {
  if (!changes.length) return h("p", { class: "hint" }, "No page's labels would change.");
  return h(
    "div",
    { class: "changes" },
    h("h4", {}, `${counted(changes.length, "page")} whose labels would change`),
    changes.map((page, place) =>
      h(
        "details",
        { open: place === 0 },
        h(
          "summary",
          {},
          page.page,
          h(
            "span",
            { class: "hint" },
            ` ${page.changed} of ${counted(page.blocks, "block")}; ${page.better} better, ${page.worse} worse`,
          ),
        ),
        h(
          "div",
          {
            class: "wide",
            tabindex: "0",
            role: "region",
            "aria-label": `${name}, changes of ${page.page}`,
          },
          changeTable(page),
        ),
      ),
    ),
  );
}

function changeTable(page) {
  const head = ["block", "your label", "now", "new"];
  const rows = page.changes
    .slice(0, SHOWN)
    .map((change) =>
      h(
        "tr",
        {},
        h("td", { class: "text", dir: "auto" }, change.text),
        h("td", {}, change.known ? chip(change.known) : "not known"),
        h("td", {}, chip(change.active), mark(change.active, change.known)),
        h("td", {}, chip(change.candidate), mark(change.candidate, change.known)),
      ),
    );
  return h(
    "table",
    { class: "figures" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map((text) => h("th", { scope: "col" }, text)),
      ),
    ),
    h("tbody", {}, rows),
  );
}

function chip(label) {
  return h(
    "span",
    { class: "named" },
    h("span", { class: `badge l-${label}`, "aria-hidden": "true" }, LETTERS[label]),
    nameOf(label),
  );
}

function mark(label, known) {
  if (!known) return null;
  const right = label === known;
  return h(
    "span",
    { class: right ? "right" : "wrong" },
    right ? " ✓" : " ✗",
    h("span", { class: "unseen" }, right ? "right" : "wrong"),
  );
}
