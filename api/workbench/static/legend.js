// The legend: how many blocks have each label; pressed, it gives the selected blocks the label.

import { tally } from "./blocks.js";
import { byId, h } from "./dom.js";
import { editing, giveLabel } from "./editing.js";
import { LABELS, LETTERS, nameOf } from "./labels.js";

/** Keep the counts up to date, and listen to its buttons. */
export function setUpLegend() {
  const legend = byId("legend");
  legend.addEventListener("click", (event) => {
    const button = event.target.closest("[data-label]");
    if (button) giveLabel(button.dataset.label);
  });
  editing.subscribe((state, before) => {
    if (state.blocks !== before.blocks) count(legend, state.blocks);
  });
  setUpKept();
}

function count(legend, blocks) {
  const counts = tally(blocks);
  for (const button of legend.querySelectorAll("[data-label]")) {
    const number = counts[button.dataset.label] ?? 0;
    button.querySelector(".count").textContent = number.toLocaleString("en");
    button.style.setProperty("--p", String(blocks.length ? number / blocks.length : 0));
  }
}

/** Which labels make up the kept text. */
function setUpKept() {
  const kept = byId("kept-labels");
  kept.append(
    ...LABELS.map((label) =>
      h(
        "label",
        { class: `chip l-${label}` },
        h("input", { type: "checkbox", value: label, checked: editing.get().keep.includes(label) }),
        h("span", { class: "badge", "aria-hidden": "true" }, LETTERS[label]),
        nameOf(label),
      ),
    ),
  );
  kept.addEventListener("change", () => {
    const keep = [...kept.querySelectorAll("input:checked")].map((input) => input.value);
    editing.set({ keep });
  });
}
