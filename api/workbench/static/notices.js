// What happened, in words: on the page and to screen readers.

import { byId, h } from "./dom.js";

const STAYS_MS = 4000;
let timer = 0;

/** What a person has to do first, said as it is. */
export class Refusal extends Error {}

/** Something went well; the line goes away by itself. */
export function say(text) {
  show("said", text);
  timer = setTimeout(clear, STAYS_MS);
}

/** Something went wrong; the line stays until it is closed or something else happens. */
export function complain(error) {
  const title = error.title ? `${error.title}. ` : "";
  show("wrong", title + error.message);
  if (!(error instanceof Refusal || "status" in error)) console.error(error);
}

/** Take the line away. */
export function clear() {
  clearTimeout(timer);
  byId("notice").replaceChildren();
}

/** Run something that may fail, and say so if it does. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

function show(kind, text) {
  clear();
  const close = h(
    "button",
    { type: "button", class: "quiet", "aria-label": "Close this message", onclick: clear },
    "×",
  );
  const line = h(
    "p",
    { class: `notice ${kind}`, role: kind === "wrong" ? "alert" : "status" },
    text,
    close,
  );
  byId("notice").append(line);
}
