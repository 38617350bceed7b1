// The other ways to look at the page: its kept text, the original with highlights, JSON.

import { corrected, keptText, unsure } from "./blocks.js";
import { byId, h } from "./dom.js";
import { editing, goTo } from "./editing.js";
import { nameOf } from "./labels.js";

const VIEWS = ["blocks", "kept", "original", "json"];

/** Show the view that is chosen, and draw it again when what it shows has changed. */
export function setUpReadings() {
  const buttons = document.querySelectorAll("[data-view]");
  buttons.forEach((button) =>
    button.addEventListener("click", () => editing.set({ view: button.dataset.view })),
  );
  byId("view-original").addEventListener("click", ({ target }) => {
    const mark = target.closest("[data-index]");
    if (mark) goTo(Number(mark.dataset.index));
  });
  editing.subscribe((state, before) => {
    if (state.view !== before.view) choose(buttons, state.view);
    const names = ["view", "page", "blocks", "keep"];
    if (state.page && names.some((name) => state[name] !== before[name])) draw(state);
  });
}

function choose(buttons, view) {
  buttons.forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.view === view)),
  );
  for (const name of VIEWS) byId(`view-${name}`).hidden = name !== view;
}

function draw(state) {
  if (state.view === "kept") {
    const text = keptText(state.page, state.blocks, state.keep);
    const paragraphs = text ? text.split("\n\n").map((part) => h("p", { dir: "auto" }, part)) : [];
    const empty = h("p", { class: "hint" }, "No block has one of the labels that are kept.");
    byId("kept-text").replaceChildren(...(paragraphs.length ? paragraphs : [empty]));
  } else if (state.view === "original") {
    byId("view-original").replaceChildren(...highlighted(state));
  } else if (state.view === "json") {
    byId("view-json").textContent = asJson(state);
  }
}

function highlighted({ page, blocks }) {
  const parts = [];
  let place = 0;
  blocks.forEach((block, index) => {
    const doubtful = unsure(page, block) ? " unsure" : "";
    parts.push(
      page.text.slice(place, block.start),
      h(
        "mark",
        {
          class: `l-${block.label}${doubtful}`,
          "data-index": index,
          title: nameOf(block.label),
          dir: "auto",
        },
        page.text.slice(block.start, block.end),
      ),
    );
    place = block.end;
  });
  return [...parts, page.text.text.slice(page.text.unit(place))];
}

function asJson({ page, blocks, keep }) {
  return JSON.stringify(corrected(page, blocks, keep), null, 1);
}

/** What the view shows as a file: its content, name and type. */
export function asFile(state) {
  const { page, blocks, keep, view } = state;
  if (view === "kept")
    return { text: keptText(page, blocks, keep), end: ".kept.txt", type: "text/plain" };
  if (view === "original") return { text: page.text.text, end: ".txt", type: "text/plain" };
  return { text: asJson(state), end: ".json", type: "application/json" };
}
