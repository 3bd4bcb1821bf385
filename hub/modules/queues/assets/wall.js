// A wall screen asks for its figures every few seconds, for months: nothing to click, nobody signed in. While the
// network is away it says since when its figures are old, and goes on asking. A new version of the program is
// noticed by the names of its files; then the page loads itself anew.

import * as clocks from "../webui/clocks.js";

const TIMEOUT = 8000;
const board = document.getElementById("wall-board");
const lost = document.getElementById("wall-lost");
const clock = document.getElementById("wall-clock");
const every = Number(board.dataset.every);
const lostAfter = Number(board.dataset.lostAfter);
const version = assets(document);
let heardAt = Date.now();
let asked = 0;

function assets(page) {
  return [...page.querySelectorAll("link[href], script[src]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src")).join();
}

async function ask() {
  const address = new URL(location.href);
  address.searchParams.set("part", "board");
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.ok) {
      board.innerHTML = await answer.text();
      heardAt = Date.now();
      settle();
      if (++asked % 200 === 0) await lookForNews();
    } else if (answer.status === 404) location.reload();
  } catch {
    // the network is away; the next question may arrive
  }
  sayLost();
  setTimeout(ask, every);
}

async function lookForNews() {
  const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (assets(page) !== version) location.reload();
}

function sayLost() {
  const isLost = Date.now() - heardAt > lostAfter;
  document.body.toggleAttribute("data-lost", isLost);
  lost.hidden = !isLost;
  const words = lost.querySelector("[data-words]");
  if (isLost) words.textContent = words.dataset.words.replace("{time}", hour(heardAt));
}

function hour(at) {
  return new Date(at).toLocaleTimeString("uk", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
}

function settle() {
  const now = document.getElementById("wall-now");
  if (now) clocks.setServerTime(now.dataset.now);
  tick();
}

function tick() {
  clocks.tick(document);
  clock.textContent = hour(clocks.serverNow());
}

async function stayAwake() {
  try {
    if (!document.hidden) await navigator.wakeLock?.request("screen");
  } catch {
    // a television that may sleep by its own settings
  }
}

const fill = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
document.getElementById("wall-full").addEventListener("click", fill);
document.addEventListener("keydown", (event) => event.code === "KeyF" && !event.ctrlKey && !event.metaKey && fill());
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
settle();
setInterval(tick, 500);
setInterval(sayLost, Math.min(1000, lostAfter));
setTimeout(ask, every);
