// The nine labels with their letters, from the legend that the server has put on the page.

const buttons = [...document.querySelectorAll("#legend [data-label]")];

/** In the order of the annotation guide. */
export const LABELS = buttons.map((button) => button.dataset.label);
/** The letter beside each colour, which is also the label's key. */
export const LETTERS = Object.fromEntries(
  buttons.map((button) => [button.dataset.label, button.dataset.letter]),
);
const BY_KEY = Object.fromEntries(LABELS.map((label) => [LETTERS[label].toLowerCase(), label]));

/** The label that a key or a digit gives, if any. */
export function labelOfKey(key) {
  return BY_KEY[key.toLowerCase()] ?? LABELS[Number(key) - 1] ?? null;
}

/** "headline_fragment" as people read it. */
export function nameOf(label) {
  return label.replace("_", " ");
}
