// Everything put together.

import { setUpBlockList } from "./block_list.js";
import { cutAt } from "./cutting.js";
import { setUpDialogs } from "./dialogs.js";
import { byId } from "./dom.js";
import { editing } from "./editing.js";
import { setUpInspector } from "./inspector.js";
import { setUpKeyboard } from "./keyboard.js";
import { setUpLegend } from "./legend.js";
import { attempt } from "./notices.js";
import { setUpReadings } from "./readings.js";
import { done, save, setUpSaving } from "./saving.js";
import { setUpSource } from "./source.js";
import { setUpToolbar } from "./toolbar.js";
import { refreshTraining, setUpTraining } from "./training.js";
import { refreshVersions, setUpVersions } from "./versions.js";

setUpDialogs();
setUpBlockList();
setUpInspector();
setUpLegend();
setUpReadings();
setUpToolbar();
setUpSource();
setUpTraining();
setUpVersions();
setUpKeyboard({ save: () => attempt(save), done: () => attempt(done) });
setUpSaving();

byId("blocks").addEventListener("dblclick", (event) => {
  const text = event.target.closest(".text");
  const option = event.target.closest("[role=option]");
  if (text && option) cutAt(editing.get().active, event, text);
});

// At phone width the labels are at the bottom, and the block close up opens over the page.
if (matchMedia("(max-width: 56rem)").matches) document.querySelector(".close-up").open = false;

function showPart() {
  const train = location.hash === "#train";
  byId("label-part").hidden = train;
  byId("train-part").hidden = !train;
  document.querySelectorAll("nav a").forEach((link) => {
    if (link.hash === (train ? "#train" : "#label")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  if (train) attempt(() => Promise.all([refreshTraining(), refreshVersions()]));
}

window.addEventListener("hashchange", showPart);
showPart();
document.documentElement.dataset.ready = "yes";
