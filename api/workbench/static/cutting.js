// Splitting a block: where words begin, in any script, and the cut that moves between them.

import { h } from "./dom.js";
import { editing, finishCut, goTo } from "./editing.js";
import { say } from "./notices.js";

const words = new Intl.Segmenter(undefined, { granularity: "word" });
const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Begin to split the active block in its middle, or finish where the cut stands. */
export function cutOrFinish() {
  const { page, blocks, active, cut } = editing.get();
  if (!page) return;
  if (cut !== null) {
    finishCut();
    return;
  }
  const places = placesIn(page, blocks[active], words);
  if (!places.length) {
    say("This block is one word: there is nothing to split.");
    return;
  }
  const middle = (blocks[active].start + blocks[active].end) / 2;
  const place = places.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
  editing.set({ cut: { index: active, place } });
  say("Left and right move the cut, Enter splits, Escape leaves it.");
}

/** Move the cut by a word or a character; `step` is 1 towards the end. */
export function moveCut(step, byCharacter) {
  const { page, blocks, cut } = editing.get();
  const places = placesIn(page, blocks[cut.index], byCharacter ? characters : words);
  const next =
    step > 0
      ? places.find((place) => place > cut.place)
      : places.findLast((place) => place < cut.place);
  if (next !== undefined) editing.set({ cut: { ...cut, place: next } });
}

/** Put the cut where the mouse points, in the block with this number. */
export function cutAt(index, event, text) {
  const { page, blocks } = editing.get();
  const unit = pointedUnit(event, text);
  if (unit === null) return;
  const block = blocks[index];
  const place = page.text.point(page.text.unit(block.start) + unit);
  const places = placesIn(page, block, words);
  if (!places.length) return;
  goTo(index);
  const nearest = places.reduce((a, b) => (Math.abs(b - place) < Math.abs(a - place) ? b : a));
  editing.set({ cut: { index, place: nearest } });
}

/** A block's text, with the cut in it if it is being split. */
export function cutText(page, block, cut) {
  const whole = page.text.slice(block.start, block.end);
  if (cut === null || cut.place <= block.start || cut.place >= block.end) return [whole];
  const before = page.text.slice(block.start, cut.place);
  return [before, h("span", { class: "cut", "aria-hidden": "true" }), whole.slice(before.length)];
}

/** Code points inside a block at which a word or character begins. */
function placesIn(page, block, segmenter) {
  const text = page.text.slice(block.start, block.end);
  const base = page.text.unit(block.start);
  const places = [];
  for (const { index, segment } of segmenter.segment(text)) {
    if (index > 0 && segment.trim()) places.push(page.text.point(base + index));
  }
  return places;
}

/** The UTF-16 offset in an element's text that a mouse event points at. */
function pointedUnit({ clientX, clientY }, text) {
  const range = document.caretRangeFromPoint
    ? document.caretRangeFromPoint(clientX, clientY)
    : toRange(document.caretPositionFromPoint(clientX, clientY));
  if (!range || !text.contains(range.startContainer)) return null;
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(range.startContainer, range.startOffset);
  return before.toString().length;
}

function toRange(position) {
  if (!position) return null;
  return { startContainer: position.offsetNode, startOffset: position.offset };
}
