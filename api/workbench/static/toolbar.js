// What stands over the blocks: facts of the page, copy, download, undo, split and join.

import { byId, h, percent } from "./dom.js";
import { cutOrFinish } from "./cutting.js";
import { dirty, editing, joinSelected, redo, undo } from "./editing.js";
import { unsure } from "./blocks.js";
import { Refusal, complain, say } from "./notices.js";
import { asFile } from "./readings.js";

// These are shown at phone width too.
const MAIN_FACTS = 5;

/** Listen to its buttons, and keep it up to date. */
export function setUpToolbar() {
  byId("undo").addEventListener("click", undo);
  byId("redo").addEventListener("click", redo);
  byId("split").addEventListener("click", cutOrFinish);
  byId("join").addEventListener("click", joinSelected);
  byId("copy").addEventListener("click", copy);
  byId("download").addEventListener("click", download);
  editing.subscribe((state, before) => {
    byId("undo").disabled = state.past.length === 0;
    byId("redo").disabled = state.future.length === 0;
    byId("split").textContent = state.cut === null ? "Split" : "Cut here";
    byId("unsaved").hidden = !dirty(state);
    if (state.page !== before.page || state.blocks !== before.blocks) facts(state);
  });
  window.addEventListener(
    "beforeunload",
    (event) => dirty(editing.get()) && event.preventDefault(),
  );
}

function facts({ page, blocks }) {
  if (!page) return;
  const { answer } = page;
  const doubtful = blocks.filter((block) => unsure(page, block)).length;
  const lines = [
    ["page", page.id],
    ["blocks", blocks.length.toLocaleString("en")],
    ["unsure", doubtful ? `${doubtful.toLocaleString("en")} below 60 %` : "none"],
    ["confidence", percent(answer.confidence)],
    ["time", `${Math.round(page.took).toLocaleString("en")} ms`],
    ["input", page.kind === "html" ? "HTML" : "raw text"],
    ["language", answer.language ?? "not known"],
    ["model", `${answer.model.name} ${answer.model.version}`],
  ];
  byId("facts").replaceChildren(
    ...lines.map(([name, value], place) =>
      h("div", { class: place < MAIN_FACTS ? "" : "less" }, h("dt", {}, name), h("dd", {}, value)),
    ),
  );
}

async function copy() {
  try {
    await navigator.clipboard.writeText(asFile(editing.get()).text);
    say("Copied.");
  } catch {
    complain(new Refusal("The browser does not let this page copy. Download it instead."));
  }
}

function download() {
  const state = editing.get();
  const { text, end, type } = asFile(state);
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: state.page.id.replace(/[^\w.-]+/g, "_") + end }).click();
  URL.revokeObjectURL(address);
}
