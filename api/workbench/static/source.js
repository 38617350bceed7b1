// Where a page comes from: pasted, dropped, a file, or one of the examples.

import { getText, post } from "./api.js";
import { fromAnswer, fromRecord } from "./blocks.js";
import { currentContent, focusContent, putContent, setUpContent } from "./content.js";
import { byId } from "./dom.js";
import { open } from "./editing.js";
import { Refusal, attempt, clear, say } from "./notices.js";
import { PageText } from "./page_text.js";

const STARTS_LIKE_HTML =
  /^\s*(<\?xml|<!doctype|<!--|<(html|head|body|div|p|h[1-6]|article|main|section|table|ul|ol|a|img|span|script|style|svg|meta|title|link|iframe|form)[\s/>])/i;
const TAGS = /<\/(p|div|a|h[1-6]|li|ul|span|td|article|section|html|body)>/gi;

/** HTML or raw text, by how it begins and by its tags. */
function detected(content) {
  return STARTS_LIKE_HTML.test(content) || (content.match(TAGS) ?? []).length >= 3
    ? "html"
    : "text";
}

/** Segment a page and show it; `stored` are labels it already has. */
export async function openPage({ kind, content, id, url = null, stored = [] }) {
  clear();
  const began = performance.now();
  const answer = await post("/v1/segment", {
    [kind]: content,
    id,
    url,
    probabilities: true,
    page_text: true,
  });
  const took = performance.now() - began;
  const page = { kind, content, id, url, answer, took, text: new PageText(answer.page_text) };
  open(page, stored.length ? fromRecord(stored, answer) : fromAnswer(answer), {
    stored: stored.length > 0,
  });
  document.body.dataset.open = "page";
  if (!answer.blocks.length) say("There is no visible text on this page.");
  else byId("blocks").focus({ preventScroll: true });
}

/** Listen to the form, to dropped files and to the picker. */
export function setUpSource() {
  byId("source").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(submit);
  });
  setUpContent(hint);
  byId("source").addEventListener("change", hint);
  byId("file").addEventListener("change", (event) => attempt(() => take([...event.target.files])));
  byId("seed")?.addEventListener("change", (event) => attempt(() => pick(event.target.value)));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    attempt(() => take([...event.dataTransfer.files]));
  });
  byId("add").addEventListener("click", () => attempt(addToQueue));
}

function wanted() {
  // Half a surrogate pair has no form in UTF-8.
  const { content: given, name } = currentContent();
  const content = given.toWellFormed();
  const chosen = new FormData(byId("source")).get("kind");
  const kind = chosen === "auto" ? detected(content) : chosen;
  const id = name ?? `pasted-${fingerprint(content)}`;
  return { kind, content, id, url: byId("url").value.trim() || null };
}

async function submit() {
  if (!currentContent().content.trim()) {
    focusContent();
    throw new Refusal(
      "Paste the text or the HTML of a page first, drop a file, or pick an example.",
    );
  }
  await working(() => openPage(wanted()));
}

async function working(work) {
  const button = byId("segment");
  button.disabled = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.disabled = false;
    document.body.removeAttribute("aria-busy");
  }
}

function hint() {
  const { kind, content } = wanted();
  const words = kind === "html" ? "HTML" : "raw text";
  byId("kind-hint").textContent = content.trim() ? `Read as ${words}.` : "";
}

/** One file is shown, several become pages to label. */
async function take(files) {
  if (!files.length) return;
  document.body.dataset.open = "source";
  if (files.length > 1) {
    const pages = await Promise.all(files.map(record));
    await post("/v1/labels", pages);
    document.dispatchEvent(new Event("pool-changed"));
    say(`${files.length} pages were added to the queue.`);
    return;
  }
  fill(await decoded(files[0]), files[0].name, /\.x?html?$/i.test(files[0].name) ? "html" : "auto");
  await submit();
}

async function pick(name) {
  if (!name) return;
  fill(
    await getText(`workbench/seeds/${encodeURIComponent(name)}`),
    name,
    name.endsWith(".html") ? "html" : "text",
  );
  await submit();
}

function fill(content, name, kind) {
  putContent(content, name);
  byId("source").elements.kind.value = kind;
  hint();
}

async function record(file) {
  const content = (await decoded(file)).toWellFormed();
  return { id: file.name, [detected(content)]: content };
}

async function addToQueue() {
  const { kind, content, id, url } = wanted();
  if (!content.trim()) throw new Refusal("There is nothing to add: paste a page first.");
  await post("/v1/labels", { id, url, [kind]: content });
  document.dispatchEvent(new Event("pool-changed"));
  say("Added to the queue.");
}

/** UTF-8, or else the character set that the page names, or else Windows-1252. */
async function decoded(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const start = new TextDecoder("latin1").decode(bytes.slice(0, 2048));
    const named = start.match(/charset\s*=\s*["']?([\w-]+)/i)?.[1];
    try {
      return new TextDecoder(named ?? "windows-1252").decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);
    }
  }
}

/** The same content has the same name, so that saving it twice is one page (FNV-1a, 32 bit). */
function fingerprint(content) {
  let hash = 0x811c9dc5;
  for (let unit = 0; unit < content.length; unit += 1) {
    hash = Math.imul(hash ^ content.charCodeAt(unit), 0x01000193);
  }
  return `${content.length}-${(hash >>> 0).toString(16)}x`;
}
