// The model's versions: which one answers, promote another, go back.

import { get, post } from "./api.js";
import { byId, h } from "./dom.js";
import { attempt, say } from "./notices.js";

const TAKEN_MS = 30_000;
const LOOK_MS = 300;

/** Listen to its buttons and to runs that make versions. */
export function setUpVersions() {
  byId("rollback").addEventListener("click", () => attempt(() => change("/v1/models/rollback")));
  document.addEventListener("models-changed", () => attempt(refreshVersions));
}

/** Show all versions. */
export async function refreshVersions() {
  const { active, models } = await get("/v1/models");
  byId("versions").replaceChildren(...models.toReversed().map((model) => row(model, active)));
  byId("rollback").disabled = !active.previous.length;
  byId("active-reason").textContent = `${active.version} answers now: ${active.reason}.`;
}

function row(model, active) {
  const isActive = model.version === active.version;
  const promote = h(
    "button",
    {
      type: "button",
      onclick: () =>
        attempt(() => change(`/v1/models/${encodeURIComponent(model.version)}/promote`)),
    },
    "Promote",
    h("span", { class: "unseen" }, ` ${model.version}`),
  );
  return h(
    "tr",
    { class: isActive ? "current" : "" },
    h("th", { scope: "row" }, model.version),
    h("td", {}, model.states.join(", ") || "candidate"),
    h("td", {}, model.fault ?? model.created ?? ""),
    h("td", {}, isActive ? "answers now" : model.fault ? null : promote),
  );
}

async function change(path) {
  const active = await post(path);
  say(`${active.version} is the active version.`);
  await refreshVersions();
  await taken(active.version);
}

/** The service takes a promotion within two seconds: show the version once it answers. */
async function taken(version) {
  const until = performance.now() + TAKEN_MS;
  for (;;) {
    const { model } = await get("/readyz");
    if (model.version === version || performance.now() > until) {
      byId("model").textContent = `${model.name} ${model.version}`;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
