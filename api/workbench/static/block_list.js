// The blocks in order, as a list box. With thousands of blocks only what changed is touched.

import { formerLabel, probability, unsure } from "./blocks.js";
import { cutText } from "./cutting.js";
import { byId, h, percent } from "./dom.js";
import { editing, goTo } from "./editing.js";
import { LETTERS, nameOf } from "./labels.js";

const FIRST = 100;
const A_FRAME = 400;
const PIECE = 50;
let serial = 0;

/** Show the blocks of the open page in the list, from now on. */
export function setUpBlockList() {
  const list = byId("blocks");
  const view = new BlockList(list);
  editing.subscribe((state, before) => view.update(state, before));
  list.addEventListener("click", (event) => {
    const index = view.indexOf(event.target);
    if (index >= 0) goTo(index, { extend: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  });
  // Selecting from one block to another would otherwise select text as well.
  list.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
  // A mouse that rests while blocks move under it points at nothing.
  list.addEventListener("mousemove", (event) => hover(view.indexOf(event.target)));
  list.addEventListener("mouseleave", () => hover(-1));
}

let hovering = 0;
function hover(index) {
  clearTimeout(hovering);
  const hovered = index < 0 ? null : index;
  hovering = setTimeout(() => hovered !== editing.get().hovered && editing.set({ hovered }), 120);
}

class BlockList {
  #list;
  #items = [];
  #drawing = 0;

  constructor(list) {
    this.#list = list;
  }

  indexOf(target) {
    return this.#items.indexOf(target.closest("[role=option]"));
  }

  update(state, before) {
    if (state.page !== before.page) this.#open(state);
    else if (state.blocks !== before.blocks) this.#change(state, before.blocks);
    if (state.cut !== before.cut) this.#showCut(state, before);
    if (state.selected !== before.selected || state.blocks !== before.blocks) this.#select(state);
    if (state.active !== before.active || state.page !== before.page) this.#activate(state, before);
    else if (state.blocks !== before.blocks) this.#mark(state);
  }

  #open(state) {
    cancelAnimationFrame(this.#drawing);
    this.#list.replaceChildren();
    this.#items = [];
    if (state.page) this.#draw(state.page, state.blocks, FIRST);
  }

  /** The first blocks at once, the others between frames: a long page is there at once. */
  #draw(page, blocks, count) {
    const until = Math.min(this.#items.length + count, blocks.length);
    while (this.#items.length < until) {
      const from = this.#items.length;
      const more = blocks
        .slice(from, Math.min(from + PIECE, until))
        .map((block) => item(page, block));
      this.#items.push(...more);
      this.#list.append(h("div", { class: "piece", role: "presentation" }, more));
    }
    this.#select(editing.get());
    if (until < blocks.length) {
      this.#drawing = requestAnimationFrame(() => this.#draw(page, blocks, A_FRAME));
    }
  }

  /** Draw all that is still missing, now. */
  #complete(page, blocks) {
    cancelAnimationFrame(this.#drawing);
    this.#draw(page, blocks, Infinity);
  }

  #change({ page, blocks: after }, before) {
    // What is not drawn yet is made from the blocks as they were: first all of it, then the change.
    this.#complete(page, before);
    if (before.length === after.length) {
      after.forEach(
        (block, index) => block !== before[index] && label(this.#items[index], page, block),
      );
      return;
    }
    let first = 0;
    while (before[first] === after[first] && first < after.length) first += 1;
    let last = 0;
    const least = Math.min(before.length, after.length) - first;
    while (last < least && before.at(-1 - last) === after.at(-1 - last)) last += 1;
    const come = after.slice(first, after.length - last).map((block) => item(page, block));
    const gone = this.#items.splice(first, before.length - first - last, ...come);
    gone[0].before(...come);
    gone.forEach(removed);
  }

  #select({ selected }) {
    this.#items.forEach((item, index) => {
      const value = String(selected.has(index));
      if (item.getAttribute("aria-selected") !== value) item.setAttribute("aria-selected", value);
    });
  }

  #activate(state, before) {
    if (state.active >= this.#items.length && state.page) this.#complete(state.page, state.blocks);
    this.#mark(state);
    if (state.page === before.page) this.#items[state.active]?.scrollIntoView({ block: "nearest" });
  }

  #mark({ active }) {
    this.#list.querySelector(".active")?.classList.remove("active");
    const item = this.#items[active];
    if (!item) {
      this.#list.removeAttribute("aria-activedescendant");
      return;
    }
    item.classList.add("active");
    this.#list.setAttribute("aria-activedescendant", item.id);
  }

  #showCut(state, before) {
    for (const cut of [before.cut, state.cut]) {
      const block = cut && state.blocks[cut.index];
      const text = cut && this.#items[cut.index]?.querySelector(".text");
      if (block && text) text.replaceChildren(...cutText(state.page, block, state.cut));
    }
  }
}

/** Take a block out, and with the last one of its piece the piece. */
function removed(old) {
  const piece = old.parentElement;
  old.remove();
  if (!piece.childElementCount) piece.remove();
}

/** A block in the list. */
function item(page, block) {
  const made = h(
    "div",
    { role: "option", id: `block-${(serial += 1)}`, "aria-selected": "false" },
    h("span", { class: "badge", "aria-hidden": "true" }),
    h("span", { class: "about" }),
    h("span", { class: "text", dir: "auto" }, page.text.slice(block.start, block.end)),
    h("span", { class: "sure" }),
  );
  label(made, page, block);
  return made;
}

/** What depends on the block's label: colour, letter, name, probability and marks. */
function label(made, page, block) {
  const [badge, about, , sure] = made.children;
  const known = probability(page, block);
  const former = formerLabel(page, block);
  const doubtful = unsure(page, block);
  made.className = `block l-${block.label}${doubtful ? " unsure" : ""}${former === null ? "" : " changed"}`;
  badge.textContent = LETTERS[block.label];
  about.textContent = nameOf(block.label);
  if (doubtful) about.append(h("span", { class: "mark" }, "unsure"));
  if (former !== null) about.append(h("span", { class: "mark" }, `was ${nameOf(former)}`));
  if (block.origin === null) about.append(h("span", { class: "mark" }, "by hand"));
  sure.textContent = known === null ? "—" : percent(known);
  sure.style.setProperty("--p", String(known ?? 0));
}
