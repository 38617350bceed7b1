// Dialogs: the key that the service asks for, and the list of keys on the keyboard.

import { onKeyWanted } from "./api.js";
import { byId, h } from "./dom.js";
import { SHORTCUTS } from "./shortcuts.js";

/** Set both up. */
export function setUpDialogs() {
  const help = byId("help");
  byId("help-keys").append(
    ...SHORTCUTS.flatMap(([keys, meaning]) => [
      h(
        "dt",
        {},
        keys.map((key) => h("kbd", {}, key)),
      ),
      h("dd", {}, meaning),
    ]),
  );
  byId("show-help").addEventListener("click", () => help.showModal());
  onKeyWanted(askForKey);
}

/** Ask until there is an answer; several requests may wait for one key. */
let asked = null;
function askForKey(why) {
  asked ??= new Promise((resolve) => {
    const dialog = byId("key-dialog");
    const field = byId("key");
    field.value = "";
    byId("key-fault").textContent = why;
    dialog.addEventListener(
      "close",
      () => {
        asked = null;
        resolve(dialog.returnValue === "use" ? field.value.trim() : null);
        field.value = "";
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asked;
}
