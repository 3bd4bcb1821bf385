// The tasks. The server knows the state; a hint says that it changed, and the page asks for it. One key on
// the top row (or on the chosen one) does what is to be done next.

import { Asking } from "../webui/asking.js";
import * as clocks from "../webui/clocks.js";
import { morph } from "../webui/morph.js";
import { startPosting } from "../webui/posting.js";
import * as sound from "./sound.js";

// By the place of the key, so that they are the same under any layout.
const PLACES = {
  KeyC: "call", KeyY: "yes", KeyN: "no", KeyT: "try", KeyD: "done", KeyU: "give_up",
  KeyL: "mobile", KeyA: "add", ArrowUp: "up", ArrowDown: "down",
};

const area = document.getElementById("tasks-area");
const tasks = document.getElementById("tasks");
const help = document.getElementById("tasks-keys");
let called = "";

const rows = () => [...tasks.querySelectorAll("[data-row]")];
const chosen = () => document.activeElement?.closest?.("[data-row]");

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("tasks-state");
  if (!fresh) return;
  const hadRow = Boolean(chosen());
  morph(document.getElementById("tasks-state"), fresh);
  tick();
  // The chosen row went: from here on the top row is meant again.
  if (hadRow && document.activeElement === document.body) tasks.focus({ preventScroll: true });
  offerNumber();
}

// After the claim the number stands ready: where nothing rings by itself, Enter calls it.
function offerNumber() {
  if (!called) return;
  const row = document.getElementById(called);
  if (!row?.querySelector("[data-claimed]")) return;
  called = "";
  (row.querySelector("[data-number] a") ?? row).focus();
}

function tick() {
  for (const place of tasks.querySelectorAll("[data-due]")) {
    const minutes = (Date.parse(place.dataset.due) - clocks.serverNow()) / 60000;
    const whole = minutes >= 0 ? Math.ceil(minutes) : Math.floor(-minutes);
    const words = minutes >= 0 ? tasks.dataset.left : tasks.dataset.late;
    const text = whole < 60 ? words.replace("{minutes}", whole) : "";
    if (place.textContent !== text) place.textContent = text;
    place.closest("[data-row]")?.classList.toggle("is-late", minutes < 0);
  }
}

const asking = new Asking({
  address: () => "/tasks/state",
  show,
  wentStale: (isStale) => tasks.toggleAttribute("data-stale", isStale),
});

function move(step) {
  const all = rows();
  const at = all.indexOf(chosen());
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.focus();
  return Boolean(next);
}

function press(name) {
  const can = (row) => row?.querySelector(`[data-key="${name}"]:not(:disabled)`);
  const isAnswer = name === "yes" || name === "no";
  const button = can(chosen()) ?? (chosen() && !isAnswer ? null : rows().map(can).find(Boolean));
  button?.click();
  return Boolean(button);
}

function focusField(name) {
  const field = area.querySelector(`[data-form="${name}"] input.form-control`);
  field?.focus();
  return Boolean(field);
}

function act(name) {
  if (name === "up" || name === "down") return move(name === "up" ? -1 : 1);
  if (name === "help") return help.showModal(), true;
  if (name === "mobile" || name === "add") return focusField(name);
  return press(name);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const field = event.target.closest?.("input, textarea, select");
  if (field) return event.key === "Escape" && field.blur();
  if (event.repeat || document.querySelector("dialog[open]")) return;
  const isHelp = event.key === "?" || (event.code === "Slash" && event.shiftKey);
  const name = isHelp ? "help" : event.shiftKey ? null : PLACES[event.code];
  if (name && act(name)) event.preventDefault();
});

// One menu at a time, and none after a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of tasks.querySelectorAll(".tasks-more[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.getElementById("tasks-help").addEventListener("click", () => help.showModal());

startPosting(area, {
  posted(form) {
    if (/\/(claim|call)$/.test(form.action)) called = form.closest("[data-row]").id;
    for (const menu of tasks.querySelectorAll(".tasks-more[open]")) menu.open = false;
    asking.anew();
  },
});

sound.startSwitch(document.getElementById("tasks-sound"));
clocks.setServerTime(tasks.dataset.now);
tick();
setInterval(tick, 1000);
asking.start();
