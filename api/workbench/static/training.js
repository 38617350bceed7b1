// Training runs: start one, follow it, look at what it came to.

import { get, post } from "./api.js";
import { showOutcome } from "./comparison.js";
import { byId, h, percent } from "./dom.js";
import { attempt, say } from "./notices.js";

const LOOK_MS = 700;
const LIVE = ["queued", "running"];
let followed = null;

/** Listen to its buttons. */
export function setUpTraining() {
  byId("train-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(start);
  });
  byId("cancel-run").addEventListener("click", () =>
    attempt(() => post(`/v1/training-runs/${followed}/cancel`)),
  );
}

/** Show the runs, and go on following one that is under way. */
export async function refreshTraining() {
  const [{ training_runs: runs }, { pages }] = await Promise.all([
    get("/v1/training-runs?limit=10"),
    get("/v1/labels?limit=1000"),
  ]);
  byId("stored-count").textContent = pages.length
    ? `${pages.length === 1000 ? "Over 1,000" : pages.length} pages are stored; a run trains on those with labels.`
    : "No page is stored yet. Label some pages first; ten of one site are a good start.";
  byId("runs").replaceChildren(...runs.map(row));
  byId("runs-box").hidden = !runs.length;
  const live = runs.find((run) => LIVE.includes(run.state));
  const last = runs.find((run) => run.outcome);
  if (live && followed !== live.id) follow(live.id);
  if (last && !live && byId("comparison-box").hidden) showOutcome(last.outcome);
}

async function start() {
  const promote = byId("train-form").elements.promote.value;
  const run = await post("/v1/training-runs", { promote });
  byId("comparison-box").hidden = true;
  await follow(run.id);
}

async function follow(id) {
  followed = id;
  byId("progress-box").hidden = false;
  for (;;) {
    const run = await get(`/v1/training-runs/${id}`);
    if (followed !== id) return;
    progress(run);
    if (!LIVE.includes(run.state)) return ended(run);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function progress(run) {
  byId("run-progress").value = run.progress;
  const step = run.log.at(-1)?.step ?? "waiting for the training worker";
  byId("run-step").textContent = `${percent(run.progress)}, ${run.state}: ${step}`;
  byId("run-log").replaceChildren(
    ...run.log.map(({ at, step: text }) =>
      h("li", {}, h("time", { datetime: at }, at.slice(11, 19)), ` ${text}`),
    ),
  );
  byId("start-run").disabled = LIVE.includes(run.state);
  byId("cancel-run").hidden = !LIVE.includes(run.state);
}

async function ended(run) {
  followed = null;
  if (run.state === "failed")
    throw Object.assign(new Error(run.error ?? ""), { title: "The run failed", status: 0 });
  say(`The run ${run.state}.`);
  if (run.outcome) showOutcome(run.outcome);
  document.dispatchEvent(new Event("models-changed"));
  await refreshTraining();
}

function row(run) {
  const result = run.outcome?.reason ?? run.error ?? run.state;
  const version = run.outcome?.version;
  const show = run.outcome
    ? h(
        "button",
        { type: "button", class: "link", onclick: () => showOutcome(run.outcome) },
        version,
      )
    : run.state;
  const when = new Date(run.created_at).toLocaleString("en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
  });
  return h("tr", {}, h("td", {}, when), h("td", {}, show), h("td", { class: "result" }, result));
}
