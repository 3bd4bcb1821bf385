// The queue board: its clocks run here, an alarm is heard once, and what changes by the clock alone (a caller
// who waits too long) is asked for every few seconds.

import * as clocks from "../webui/clocks.js";
import * as tones from "../webui/tones.js";

const SWITCH = "pitline.queues.sound";
const ASK_EVERY = 5000;
const button = document.getElementById("queues-sound");
const said = document.getElementById("queues-said");
let isOn = read() !== "off";
let known = null;

function read() {
  try {
    return localStorage.getItem(SWITCH);
  } catch {
    return null;
  }
}

function write(value) {
  try {
    localStorage.setItem(SWITCH, value);
  } catch {
    // A browser that keeps nothing: the switch lasts as long as the page.
  }
}

function show() {
  button.hidden = false;
  button.setAttribute("aria-pressed", String(isOn));
  button.querySelector("span").textContent = isOn ? button.dataset.on : button.dataset.off;
}

const play = () => tones.play("queue", [[0, 880], [0.2, 660], [0.4, 880]]);

button.addEventListener("click", () => {
  isOn = !isOn;
  write(isOn ? "on" : "off");
  show();
  if (isOn) play();
});

function settle() {
  const now = document.getElementById("queues-now");
  if (!now) return;
  clocks.setServerTime(now.dataset.now);
  clocks.tick(document);
  const alarms = now.dataset.alarms.split("\n").filter(Boolean);
  const fresh = alarms.filter((one) => known && !known.includes(one));
  known = alarms;
  if (!fresh.length) return;
  said.textContent = fresh.join(". ");
  if (isOn) play();
}

document.addEventListener("pitline:put", settle);
setInterval(() => clocks.tick(document), 500);
setInterval(() => {
  if (!document.hidden) document.dispatchEvent(new CustomEvent("pitline:hint", { detail: { topic: "queues" } }));
}, ASK_EVERY);
show();
settle();
