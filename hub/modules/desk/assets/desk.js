// The desk. The server knows the state; a hint says that it changed, and the page asks for it.
// Whatever the tab missed (asleep, offline, late), the next answer puts right.

import { Asking } from "../webui/asking.js";
import * as callerSign from "./caller_sign.js";
import * as clocks from "../webui/clocks.js";
import * as drafts from "./drafts.js";
import { listenForKeys } from "./keys.js";
import { morph } from "../webui/morph.js";
import { startPosting } from "../webui/posting.js";
import { startSearch } from "./search.js";
import * as sight from "./sight.js";
import * as signals from "./signals.js";

const area = document.getElementById("desk-area");
const desk = document.getElementById("desk");
const announcer = document.getElementById("desk-announcer");
const help = document.getElementById("desk-keys");
const searchBox = document.getElementById("desk-search");
const search = searchBox && startSearch(searchBox, document.getElementById("desk-results"));

let chosen = new URLSearchParams(location.search).get("open") ?? "";

const state = () => document.getElementById("desk-state");
const card = () => desk.querySelector("[data-card]");

function address() {
  const query = new URLSearchParams();
  const open = chosen || writingFor();
  if (open) query.set("open", open);
  for (const call of drafts.callsWithDrafts()) query.append("keep", call);
  sight.add(query);
  return `${desk.dataset.url}?${query}`;
}

// The card under the person's hands stays: a call that comes meanwhile stands above it as a strip.
function writingFor() {
  const field = document.activeElement;
  const holder = field?.closest?.("[data-card]");
  return holder && /^(INPUT|TEXTAREA)$/.test(field.tagName) && field.value.trim() ? holder.dataset.card : "";
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("desk-state");
  if (!fresh) return;
  const wroteIn = document.activeElement?.matches?.("[data-draft]") ? document.activeElement : null;
  morph(state(), fresh);
  if (wroteIn && !wroteIn.isConnected) card()?.querySelector("[data-draft]")?.focus();
  settle();
}

function settle() {
  for (const [call, into] of Object.entries(JSON.parse(state().dataset.became ?? "{}"))) {
    drafts.move(call, into);
    if (chosen === call) chosen = into;
  }
  const known = CSS.escape(chosen);
  if (!desk.querySelector(`[data-card="${known}"], [data-open="${known}"]`)) chosen = "";
  drafts.restore(desk);
  clocks.tick(desk);
  callerSign.showCaller(state(), announcer);
  signals.tell(state());
}

// A wrap-up ends by the clock alone; no hint will come.
function untilItChanges() {
  const until = state().dataset.until;
  return until ? Math.max(100, Date.parse(until) - clocks.serverNow() + 100) : Infinity;
}

const asking = new Asking({
  address,
  show,
  untilItChanges,
  wentStale: (isStale) => desk.toggleAttribute("data-stale", isStale),
});

function open(call) {
  chosen = call;
  asking.anew();
}

function click(selector, within = area) {
  const target = within.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function focus(selector) {
  const field = desk.querySelector(selector);
  field?.focus();
  return Boolean(field);
}

// What Enter does in the field then: put through at once, or ask there first.
function putThrough(kind) {
  if (!desk.querySelector(`[data-card] [data-transfer-kinds~="${kind}"]`)) return false;
  document.dispatchEvent(new CustomEvent("pitline:transfer", { detail: { kind } }));
  return focus("[data-card] [data-transfer]");
}

function act(name, within = area) {
  if (name === "search") return searchBox?.focus(), searchBox?.select(), true;
  if (name === "mine") return document.getElementById("desk-mine")?.click(), true;
  if (name === "away") return document.querySelector("[data-key=away]")?.click(), true;
  if (name === "help") return help.showModal(), true;
  if (name === "note") return focus("[data-card] [data-draft]");
  if (name === "create") return focus("[data-card] [data-create]");
  if (name === "transfer") return putThrough("blind") || click("[data-card] [data-key=take]");
  if (name === "ask-first") return putThrough("attended");
  if (name === "leave") return asking.ask(), true;
  return click(`[data-key="${name}"]`, within);
}

desk.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) open(opener.dataset.open);
  if (event.target.closest("[data-key=dismiss]")) keepUnsaved(event);
});

// A card with a note that nobody saved is not put away by a stray key.
function keepUnsaved(event) {
  const note = card()?.querySelector("[data-draft]");
  if (!note?.value.trim()) return;
  event.preventDefault();
  note.focus();
  const detail = { text: desk.dataset.unsaved, kind: "warning" };
  document.dispatchEvent(new CustomEvent("pitline:toast", { detail }));
}

desk.addEventListener("input", (event) => event.target.matches("[data-draft]") && drafts.keep(event.target));
desk.addEventListener("focusout", () => setTimeout(() => writingFor() || asking.ask(), 200));
document.getElementById("desk-help").addEventListener("click", () => help.showModal());

startPosting(area, {
  posted(form) {
    const note = form.querySelector("[data-draft]");
    if (note) drafts.forget(note.dataset.draft);
    if (!desk.contains(form)) search?.clear();
    asking.anew();
  },
});
listenForKeys(act);
sight.start(() => asking.anew());
signals.startSwitches(document.getElementById("desk-signals"));

setInterval(() => clocks.tick(desk), 500);

clocks.setServerTime(desk.dataset.now);
settle();
asking.start();
