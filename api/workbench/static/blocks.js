// What can be done to a page's blocks. Blocks are values: every change gives a new list.
//
// A block: {start, end, label, origin}. `origin` is its number in the model's answer, or null for
// one that was split or joined by hand.

/** The blocks of an answer of /v1/segment. */
export function fromAnswer(answer) {
  return answer.blocks.map(({ start, end, label }, origin) => ({ start, end, label, origin }));
}

/** Stored labels, tied to the answer's blocks where they stand at the same place. */
export function fromRecord(stored, answer) {
  const places = new Map(
    answer.blocks.map((block, index) => [`${block.start}-${block.end}`, index]),
  );
  return stored.map(({ start, end, label }) => ({
    start,
    end,
    label,
    origin: places.get(`${start}-${end}`) ?? null,
  }));
}

/** Give some blocks a label. */
export function relabel(blocks, chosen, label) {
  let changed = false;
  const result = blocks.map((block, index) => {
    if (!chosen.has(index) || block.label === label) return block;
    changed = true;
    return { ...block, label };
  });
  return changed ? result : blocks;
}

/** Cut a block in two at a code point; white space at the cut belongs to neither. */
export function split(blocks, index, place, text) {
  const block = blocks[index];
  const left = text.slice(block.start, place).trimEnd();
  const right = text.slice(place, block.end).trimStart();
  if (!left || !right) return blocks;
  const end = block.start + [...left].length;
  const start = block.end - [...right].length;
  const halves = [
    { ...block, end, origin: null },
    { ...block, start, origin: null },
  ];
  return blocks.toSpliced(index, 1, ...halves);
}

/** Join neighbouring blocks, from the first to the last; the first one's label stays. */
export function join(blocks, first, last) {
  if (first >= last) return blocks;
  const joined = { ...blocks[first], end: blocks[last].end, origin: null };
  return blocks.toSpliced(first, last - first + 1, joined);
}

/** How many blocks have each label. */
export function tally(blocks) {
  const counts = {};
  for (const { label } of blocks) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** The text of the kept labels, put together as the service does. */
export function keptText(page, blocks, keep) {
  return textsOf(page, blocks, keep).join("\n\n");
}

/** The answer with the blocks as they stand now, in the form that /v1/segment gives. */
export function corrected(page, blocks, keep) {
  return {
    ...page.answer,
    headline: textsOf(page, blocks, ["headline"])[0] ?? null,
    byline: textsOf(page, blocks, ["byline"]),
    text: keptText(page, blocks, keep),
    page_text: undefined,
    blocks: blocks.map((block) => described(page, block)),
  };
}

// Raw text may be hard-wrapped inside a block, and begin with a byte order mark.
function textsOf(page, blocks, labels) {
  return blocks
    .filter((block) => labels.includes(block.label))
    .map((block) => page.text.slice(block.start, block.end))
    .map((text) => (page.kind === "text" ? text.trim().split(/\s+/).join(" ") : text));
}

function described(page, { start, end, label, origin }) {
  const given = origin === null ? {} : page.answer.blocks[origin];
  return {
    start,
    end,
    label,
    probability: given.probabilities?.[label],
    text: page.text.slice(start, end),
    path: given.path,
  };
}

/** The model's probability of the label that a block has now, or null for one made by hand. */
export function probability(page, block) {
  return block.origin === null ? null : page.answer.blocks[block.origin].probabilities[block.label];
}

/** The label that the model gave, where a person has changed it. */
export function formerLabel(page, block) {
  const given = block.origin === null ? null : page.answer.blocks[block.origin].label;
  return given === block.label ? null : given;
}

/** Below this the model is not sure of its own label. */
const UNSURE_BELOW = 0.6;

/** Whether the model gave this label and was not sure of it. */
export function unsure(page, block) {
  const sure = probability(page, block);
  return sure !== null && sure < UNSURE_BELOW && formerLabel(page, block) === null;
}
