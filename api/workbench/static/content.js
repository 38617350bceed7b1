// What is to be taken apart: the text in the field, or a page that is too long for a field.

import { byId, counted } from "./dom.js";

// A field with many more characters keeps the browser busy for seconds at each change.
const FIELD_HOLDS = 1_000_000;
const LONG_PASTE = 50_000;

let aside = null;
// The name that the content came with, until it is changed.
let givenName = null;

/** Listen to the field; `changed` is called when it has other content. */
export function setUpContent(changed) {
  const field = byId("content");
  field.addEventListener("input", () => {
    givenName = null;
    changed();
  });
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (text.length < LONG_PASTE) return;
    event.preventDefault();
    pasteLong(field, text);
    changed();
  });
  byId("aside-drop").addEventListener("click", () => {
    putContent("", null);
    changed();
    field.focus();
  });
}

/** The content as it stands and the name it came with, if any. */
export function currentContent() {
  return { content: aside ?? byId("content").value, name: givenName };
}

/** Put a page in the place of what is there; `name` is that of its file, or null. */
export function putContent(content, name) {
  const fits = content.length <= FIELD_HOLDS;
  aside = fits ? null : content;
  givenName = name && (name.replace(/\.(txt|x?html?)$/i, "") || name);
  byId("content").value = fits ? content : "";
  byId("content").hidden = !fits;
  byId("aside").hidden = fits;
  byId("aside-name").textContent = name ?? "Pasted text";
  byId("aside-size").textContent = counted(content.length, "character");
}

/** Go to the field, or to what stands in its place. */
export function focusContent() {
  byId(aside === null ? "content" : "aside-drop").focus();
}

/** A page of thousands of lines is put in at once: the browser's own pasting takes many seconds. */
function pasteLong(field, text) {
  if (text.length > FIELD_HOLDS) {
    putContent(text, null);
    focusContent();
  } else {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    givenName = null;
  }
}
