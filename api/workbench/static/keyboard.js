// The keys of the list of blocks; `shortcuts.js` has them in words.

import { cutOrFinish, moveCut } from "./cutting.js";
import { byId } from "./dom.js";
import {
  editing,
  finishCut,
  giveLabel,
  goTo,
  goToUnsure,
  joinSelected,
  redo,
  selectAll,
  selectNone,
  undo,
} from "./editing.js";
import { labelOfKey } from "./labels.js";
import { say } from "./notices.js";

const PAGE = 10;

/** Listen to the list, and everywhere to the keys that save and undo. */
export function setUpKeyboard({ save, done }) {
  byId("blocks").addEventListener("keydown", (event) => {
    if (!editing.get().page || event.altKey) return;
    const handled = event.ctrlKey || event.metaKey ? selectedAll(event) : pressed(event);
    if (handled) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !editing.get().page || inField(event.target)) return;
    const action = commands({ save, done })[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

function commands({ save, done }) {
  return {
    s: save,
    enter: done,
    z: (event) => (event.shiftKey ? redo() : undo()),
    y: redo,
  };
}

function inField(target) {
  return target.matches("input, textarea, select") || target.closest("dialog") !== null;
}

function selectedAll(event) {
  if (event.key.toLowerCase() !== "a") return false;
  selectAll();
  return true;
}

function pressed(event) {
  return (editing.get().cut !== null && cutting(event)) || moving(event) || acting(event);
}

function cutting(event) {
  const { key } = event;
  if (key === "Enter") finishCut();
  else if (key === "Escape") editing.set({ cut: null });
  else if (key === "ArrowLeft" || key === "ArrowRight") moveCut(direction(key), event.shiftKey);
  else return false;
  return true;
}

/** Right is forwards, but backwards in a text that runs from right to left. */
function direction(key) {
  const text = document.querySelector("#blocks .active .text");
  const forwards = getComputedStyle(text).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  return key === forwards ? 1 : -1;
}

function moving({ key, shiftKey }) {
  const { active, blocks } = editing.get();
  const places = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + PAGE,
    PageUp: active - PAGE,
    Home: 0,
    End: blocks.length - 1,
  };
  if (!(key in places)) return false;
  goTo(places[key], { extend: shiftKey });
  return true;
}

function acting({ key, shiftKey }) {
  const actions = {
    " ": () => goTo(editing.get().active, { toggle: true }),
    Escape: selectNone,
    s: cutOrFinish,
    j: joinSelected,
    n: () => unsureOr(1, "No block behind this one is unsure."),
    p: () => unsureOr(-1, "No block before this one is unsure."),
    "?": () => byId("help").showModal(),
  };
  const action = actions[key] ?? (shiftKey ? null : actions[key.toLowerCase()]);
  const label = labelOfKey(key);
  if (action) action();
  else if (label) giveLabel(label);
  else return false;
  return true;
}

function unsureOr(step, otherwise) {
  if (!goToUnsure(step)) say(otherwise);
}
