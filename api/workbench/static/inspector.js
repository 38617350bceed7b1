// One block close up: the probability of every label, and what spoke for and against its own.

import { post } from "./api.js";
import { formerLabel } from "./blocks.js";
import { byId, h, percent } from "./dom.js";
import { editing } from "./editing.js";
import { LABELS, LETTERS, nameOf } from "./labels.js";

const PAUSE_MS = 200;
const SHOWN = 4;
const LEAST = 0.05;
let explained = new Map();
let timer = 0;

/** Follow the block that the mouse is over, or else the active one. */
export function setUpInspector() {
  editing.subscribe((state, before) => {
    if (state.page !== before.page) explained = new Map();
    const block = subject(state);
    if (block !== subject(before) || state.page !== before.page) show(state, block);
  });
}

function subject({ blocks, hovered, active }) {
  return blocks[hovered ?? active] ?? null;
}

function show({ page }, block) {
  clearTimeout(timer);
  const target = byId("inspected");
  if (!block) {
    target.replaceChildren(h("p", { class: "hint" }, "No block is selected."));
    return;
  }
  const given = block.origin === null ? null : page.answer.blocks[block.origin];
  if (!given) {
    const made = "This block was split or joined by hand: the model has not seen it.";
    target.replaceChildren(h("p", { class: "hint" }, made));
    return;
  }
  const reasons = h("div", { class: "reasons" });
  target.replaceChildren(probabilities(page, block, given), reasons);
  const ready = explained.get(block.origin);
  if (ready) reasons.append(...told(ready));
  else timer = setTimeout(() => explain(page, block, reasons), PAUSE_MS);
}

function probabilities(page, block, given) {
  const former = formerLabel(page, block);
  const rows = LABELS.map((label) =>
    h(
      "li",
      {
        class: `l-${label}${label === block.label ? " given" : ""}`,
        "--p": given.probabilities[label],
      },
      h("span", { class: "badge", "aria-hidden": "true" }, LETTERS[label]),
      h("span", {}, nameOf(label)),
      h("span", { class: "number" }, percent(given.probabilities[label])),
    ),
  );
  const place = `characters ${block.start.toLocaleString("en")} – ${block.end.toLocaleString("en")}`;
  return h(
    "div",
    {},
    h(
      "p",
      { class: "hint" },
      former === null ? place : `${place}; the model says ${nameOf(former)}`,
    ),
    given.path ? h("p", { class: "hint path" }, given.path) : null,
    h("ul", { class: "probabilities", "aria-label": "Probability of each label" }, rows),
  );
}

async function explain(page, block, target) {
  target.replaceChildren(h("p", { class: "hint" }, "Leaving features out …"));
  try {
    const content = { [page.kind]: page.content, block: block.origin };
    const answer = await post("/v1/explanations", content);
    explained.set(block.origin, answer);
    target.replaceChildren(...told(answer));
  } catch (error) {
    target.replaceChildren(h("p", { class: "hint" }, `Not explained: ${error.message}`));
  }
}

/** What spoke most for and against the model's label. */
function told({ label, contributions }) {
  const strong = contributions.filter((item) => Math.abs(item.log_odds) >= LEAST);
  const most = Math.max(...strong.map((item) => Math.abs(item.log_odds)), 1);
  const side = (title, items) =>
    items.length
      ? [
          h("h3", {}, title),
          h(
            "ul",
            { class: "evidence" },
            items.slice(0, SHOWN).map((item) => evidence(item, most)),
          ),
        ]
      : [];
  const parts = [
    ...side(
      `For ${nameOf(label)}`,
      strong.filter((item) => item.log_odds > 0),
    ),
    ...side(
      `Against ${nameOf(label)}`,
      strong.filter((item) => item.log_odds < 0),
    ),
  ];
  return parts.length
    ? parts
    : [h("p", { class: "hint" }, "No group of features decides it alone.")];
}

function evidence(item, most) {
  const kind = item.log_odds > 0 ? "for" : "against";
  const values = item.features
    .slice(0, 2)
    .map(({ name, value, mean }) => `${name} ${value.toFixed(2)} (page ${mean.toFixed(2)})`);
  return h(
    "li",
    { class: kind, "--p": Math.abs(item.log_odds) / most },
    h("span", {}, item.meaning),
    h("span", { class: "number" }, `${percent(item.probability)} without`),
    values.length ? h("span", { class: "values" }, values.join(" · ")) : null,
  );
}
