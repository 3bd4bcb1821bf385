// The inbox. The server knows the state; a hint says that it changed, and the page asks for it.

import { Asking } from "../webui/asking.js";
import { morph } from "../webui/morph.js";
import { startPosting } from "../webui/posting.js";
import { startComposer } from "./composer.js";
import { startFinding } from "./finding.js";

// By the place of the key, so that they are the same under any layout.
const PLACES = {
  ArrowUp: "up", ArrowDown: "down", KeyR: "reply", KeyN: "note", KeyT: "template",
  KeyO: "take", KeyE: "close", KeyS: "snooze", Slash: "find", Escape: "back",
};

const area = document.getElementById("inbox");
const list = document.getElementById("inbox-list");
const help = document.getElementById("inbox-keys");
const opened = area.dataset.open;
const isEarlier = new URLSearchParams(location.search).has("before");
const entries = () => document.getElementById("inbox-entries");

const address = () => {
  const query = new URLSearchParams({ box: area.dataset.box });
  const after = new URLSearchParams(location.search).get("after");
  if (after) query.set("after", after);
  if (opened && !isEarlier) query.set("open", opened);
  return `/inbox/state?${query}`;
};

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const rows = fresh.getElementById("inbox-list");
  if (rows) put(list, rows);
  const thread = fresh.getElementById("inbox-thread");
  if (!thread) return;
  const follows = isAtEnd();
  put(document.getElementById("inbox-thread"), thread);
  if (follows) toEnd();
  look();
}

function put(place, fresh) {
  const next = place.cloneNode(false);
  next.append(...fresh.childNodes);
  morph(place, next);
}

function isAtEnd() {
  const box = entries();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
}

function toEnd() {
  const box = entries();
  if (box) box.scrollTop = box.scrollHeight;
}

// What stands before somebody's eyes is read.
function look() {
  const badge = list.querySelector(`[id="row-${CSS.escape(opened)}"] .is-unread`);
  if (!opened || isEarlier || !badge || document.hidden || !document.hasFocus()) return;
  quietly("read");
}

function quietly(action) {
  const csrf = area.querySelector("input[name=csrf]")?.value;
  if (!csrf) return;
  fetch(`/inbox/${opened}/${action}`, {
    method: "POST", body: new URLSearchParams({ csrf }), headers: { Accept: "application/json" },
  }).catch(() => {});
}

const asking = new Asking({
  address, show, topics: ["conversation", "client"],
  wentStale: (isStale) => area.toggleAttribute("data-stale", isStale),
});

function move(step) {
  const rows = [...list.querySelectorAll("[data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const open = rows.findIndex((row) => row.classList.contains("is-open"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? (open < 0 ? 0 : open + step) : at + step))];
  next?.focus();
  return Boolean(next);
}

function press(selector) {
  const button = area.querySelector(selector);
  button?.click();
  return Boolean(button);
}

function focus(id) {
  const field = document.getElementById(id);
  field?.focus();
  return Boolean(field);
}

function openMenu() {
  const more = document.getElementById("inbox-more");
  if (!more) return false;
  more.open = true;
  more.querySelector("[data-snooze]")?.focus();
  return true;
}

function note() {
  const noting = document.getElementById("inbox-noting");
  if (!noting) return false;
  noting.open = true;
  return focus("inbox-note");
}

function back() {
  const more = document.getElementById("inbox-more");
  if (more?.open) return (more.open = false), true;
  if (!opened) return false;
  location.href = area.dataset.box === "open" ? "/inbox" : `/inbox?box=${area.dataset.box}`;
  return true;
}

function act(name) {
  if (name === "up" || name === "down") return move(name === "up" ? -1 : 1);
  if (name === "help") return help.showModal(), true;
  if (name === "find") return focus("inbox-q");
  if (name === "reply") return focus("inbox-text");
  if (name === "template") return focus("inbox-template");
  if (name === "note") return note();
  if (name === "snooze") return openMenu();
  if (name === "back") return back();
  return press(`[data-key="${name}"]:not(:disabled)`);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const field = event.target.closest?.("input:not([type=file]), textarea, select");
  if (field) {
    if (event.key === "Escape") field.blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form?.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
  const isHelp = event.key === "?" || (event.code === "Slash" && event.shiftKey);
  if (event.code.startsWith("Arrow") && event.target === entries()) return;
  const name = isHelp ? "help" : event.shiftKey ? null : PLACES[event.code];
  if (name && act(name)) event.preventDefault();
});

// One menu at a time, and none after a click elsewhere.
document.addEventListener("click", (event) => {
  const more = document.getElementById("inbox-more");
  if (more?.open && !more.contains(event.target)) more.open = false;
});

document.getElementById("inbox-help").addEventListener("click", () => help.showModal());

const composer = startComposer(document.getElementById("inbox-composer"), {
  conversation: opened,
  answering: () => quietly("answering"),
});

startPosting(area, {
  posted(form, said) {
    const more = document.getElementById("inbox-more");
    if (more) more.open = false;
    if (form.dataset.form === "send") composer.sent();
    if (form.dataset.form === "note") document.getElementById("inbox-noting").open = false;
    if (form.dataset.form) toEnd();
    if (form.querySelector("[data-leaves]")) location.href = "/inbox";
    if (/\/(client|create)$/.test(form.action)) location.reload();
    if (form.action.endsWith("/start") && said.location) location.href = said.location;
    asking.anew();
  },
});

startFinding(document.getElementById("inbox-q"), document.getElementById("inbox-results"));
window.addEventListener("focus", look);
if (location.hash.startsWith("#m-")) document.getElementById(location.hash.slice(1))?.scrollIntoView();
else toEnd();
look();
asking.start();
