// The open page: its blocks, what is selected, and the way back.

import { createStore } from "./store.js";
import { join, relabel, split, unsure } from "./blocks.js";

const MOST_UNDONE = 500;

/** The open page's state; `page` is null until one is segmented. */
export const editing = createStore({
  page: null,
  blocks: [],
  saved: [],
  past: [],
  future: [],
  active: 0,
  anchor: 0,
  selected: new Set(),
  hovered: null,
  cut: null,
  view: "blocks",
  keep: ["body"],
});

/** Show a page; its labels count as not saved unless they came from the store. */
export function open(page, blocks, { stored = false } = {}) {
  editing.set({
    page,
    blocks,
    saved: stored ? blocks : null,
    past: [],
    future: [],
    hovered: null,
    cut: null,
    active: 0,
    anchor: 0,
    selected: new Set(blocks.length ? [0] : []),
  });
}

/** Whether labels were changed since they were opened or saved. */
export function dirty({ past, blocks, saved }) {
  return past.length > 0 && blocks !== saved;
}

function change(blocks, active) {
  const state = editing.get();
  if (blocks === state.blocks) return;
  const step = { blocks: state.blocks, active: state.active };
  const moved = active === undefined ? {} : focused(active);
  editing.set({
    blocks,
    past: [...state.past.slice(-MOST_UNDONE), step],
    future: [],
    cut: null,
    ...moved,
  });
}

function focused(active) {
  return { hovered: null, active, anchor: active, selected: new Set([active]) };
}

/** Give the selected blocks a label. */
export function giveLabel(label) {
  const { page, blocks, selected } = editing.get();
  if (page) change(relabel(blocks, selected, label));
}

/** Join the selected blocks; of one alone, with the block behind it. */
export function joinSelected() {
  const { blocks, selected } = editing.get();
  const first = Math.min(...selected);
  const last = selected.size > 1 ? Math.max(...selected) : first + 1;
  if (last < blocks.length) change(join(blocks, first, last), first);
}

/** Cut the block that is being split. */
export function finishCut() {
  const { page, blocks, cut } = editing.get();
  if (cut === null) return;
  const result = split(blocks, cut.index, cut.place, page.text);
  if (result === blocks) editing.set({ cut: null });
  else change(result, cut.index);
}

/** Take the last change back. */
export function undo() {
  travel("past", "future");
}

/** Do it again. */
export function redo() {
  travel("future", "past");
}

function travel(from, to) {
  const state = editing.get();
  const step = state[from].at(-1);
  if (!step) return;
  const here = { blocks: state.blocks, active: state.active };
  editing.set({
    blocks: step.blocks,
    [from]: state[from].slice(0, -1),
    [to]: [...state[to], here],
    cut: null,
    ...focused(Math.min(step.active, step.blocks.length - 1)),
  });
}

/** Go to a block; `extend` selects all up to it, `toggle` adds or takes away it alone. */
export function goTo(index, { extend = false, toggle = false } = {}) {
  const { blocks, anchor, selected, cut } = editing.get();
  if (!blocks.length) return;
  const active = Math.min(Math.max(index, 0), blocks.length - 1);
  const ended = cut !== null && cut.index !== active ? { cut: null } : {};
  if (extend) {
    const [low, high] = [Math.min(anchor, active), Math.max(anchor, active)];
    const range = new Set(Array.from({ length: high - low + 1 }, (_, place) => low + place));
    editing.set({ active, selected: range, ...ended });
  } else if (toggle) {
    const next = new Set(selected);
    if (!next.delete(active)) next.add(active);
    editing.set({ active, anchor: active, selected: next, ...ended });
  } else {
    editing.set({ ...focused(active), ...ended });
  }
}

/** Select every block. */
export function selectAll() {
  editing.set({ selected: new Set(editing.get().blocks.keys()) });
}

/** Select the active block alone. */
export function selectNone() {
  editing.set(focused(editing.get().active));
}

/** The next block, forwards or backwards, that the model was not sure of. */
export function goToUnsure(step) {
  const { page, blocks, active } = editing.get();
  for (let index = active + step; index >= 0 && index < blocks.length; index += step) {
    if (unsure(page, blocks[index])) {
      goTo(index);
      return true;
    }
  }
  return false;
}
