// Saving labels, and the queue of pages to label next.

import { get, post } from "./api.js";
import { focusContent } from "./content.js";
import { byId, counted, h, percent } from "./dom.js";
import { dirty, editing } from "./editing.js";
import { Refusal, attempt, complain, say } from "./notices.js";
import { openPage } from "./source.js";

const ASKED = 20;
let waiting = [];

/** Listen to its buttons, and fill the queue. */
export function setUpSaving() {
  byId("save").addEventListener("click", () => attempt(save));
  byId("done").addEventListener("click", () => attempt(done));
  byId("begin").addEventListener("click", () => attempt(next));
  byId("new-page").addEventListener("click", leave);
  document.addEventListener("pool-changed", refresh);
  refresh();
}

/** Store the blocks as they stand; the page and its labels are there whole or not at all. */
export async function save() {
  const { page, blocks } = editing.get();
  if (!page || !blocks.length) throw new Refusal("There are no blocks to save.");
  const answer = await post("/v1/labels", {
    id: page.id,
    url: page.url,
    [page.kind]: page.content,
    source: "workbench",
    model: page.answer.model,
    blocks: blocks.map(({ start, end, label }) => ({
      start,
      end,
      label,
      text: page.text.slice(start, end),
    })),
  });
  editing.set({ saved: blocks });
  say(
    `Saved ${counted(blocks.length, "block")} of ${page.id}, revision ${answer.pages[0].revision}.`,
  );
  document.dispatchEvent(new Event("labels-changed"));
}

/** Save, and go to the next page of the queue. */
export async function done() {
  const { page } = editing.get();
  await save();
  waiting = waiting.filter((item) => item.id !== page.id);
  await next();
}

async function next() {
  if (!waiting.length) await fetchQueue();
  const item = waiting[0];
  if (!item) {
    leave();
    say("The queue is empty. Add pages, or train on what is labelled.");
    return;
  }
  await openStored(item.id);
}

async function openStored(id) {
  const record = await get(`/v1/labels/${encodeURIComponent(id)}`);
  const kind = "html" in record ? "html" : "text";
  await openPage({
    kind,
    content: record[kind],
    id,
    url: record.url ?? null,
    stored: placed(record.blocks),
  });
}

/** Labels without places, as another tool may have given them, can't be shown on the blocks. */
function placed(blocks) {
  return blocks.every((block) => "start" in block) ? blocks : [];
}

function leave() {
  if (dirty(editing.get()) && !confirm("The changes on this page are not saved. Leave it?")) return;
  document.body.dataset.open = "source";
  focusContent();
  refresh();
}

async function refresh() {
  try {
    await fetchQueue();
  } catch (error) {
    // Whoever may only look has no queue; anything else went wrong.
    byId("queue-size").textContent = error.message;
    if (error.status !== 403) complain(error);
  }
}

async function fetchQueue() {
  const [queue, stored] = await Promise.all([
    get(`/v1/labels/suggestions?count=${ASKED}`),
    get("/v1/labels?limit=1000"),
  ]);
  waiting = queue.suggestions;
  draw(stored.pages);
}

function draw(stored) {
  const more = waiting.length === ASKED ? "at least " : "";
  byId("queue-size").textContent = waiting.length
    ? `${more}${counted(waiting.length, "page")} to label, those that teach most first.`
    : "No stored page waits for labels.";
  byId("begin").hidden = !waiting.length;
  byId("queue").replaceChildren(...waiting.slice(0, 8).map(queued));
  const ids = new Set(waiting.map((item) => item.id));
  const labelled = stored.filter((id) => !ids.has(id)).slice(0, 50);
  byId("stored-box").hidden = waiting.length === ASKED || !labelled.length;
  byId("stored").replaceChildren(...labelled.map((id) => h("li", {}, opener(id))));
}

function queued(item) {
  const detail = `${counted(item.blocks.length, "block")}, uncertainty ${percent(item.uncertainty)}`;
  return h("li", {}, opener(item.id), h("span", { class: "hint" }, detail));
}

function opener(id) {
  return h(
    "button",
    { type: "button", class: "link", onclick: () => attempt(() => openStored(id)) },
    id,
  );
}
