// What this browser does when a phone of the person rings: a sound and a notification, each to be switched
// on here and kept in this browser. Of several tabs one rings; a notification of one call is one.

import * as tones from "../webui/tones.js";

const PREFIX = "pitline.desk.signal.";
const RINGER = "pitline.desk.ringer";
const EVERY = 3000;
const ME = Math.random().toString(36).slice(2);

let ringing = "";
let timer = 0;
let notice = null;
let fallSilent = null; // set while this tab is the one that rings

export const isOn = (name) => localStorage.getItem(PREFIX + name) === "on";

export function tell(state) {
  const call = state.dataset.ringingCall ?? "";
  if (call === ringing) return;
  ringing = call;
  clearInterval(timer);
  notice?.close();
  notice = null;
  if (!call) {
    fallSilent?.();
    fallSilent = null;
    return;
  }
  ring();
  timer = setInterval(ring, EVERY);
  if (isOn("notice") && document.hidden && mayNotify()) notice = notify(call, state.dataset.announce);
}

// The tab that holds the lock rings; another one takes over when it is gone.
function ring() {
  if (!isOn("sound")) return;
  if (fallSilent) sound();
  else if (!navigator.locks) ringInTurn();
  else {
    navigator.locks.request(RINGER, { ifAvailable: true }, (lock) => {
      if (!lock || !ringing) return null;
      sound();
      return new Promise((silent) => (fallSilent = silent));
    });
  }
}

// Without https a browser has no locks. The tab that rang last goes on; two that begin at once may both ring.
function ringInTurn() {
  const [tab, at] = (localStorage.getItem(RINGER) ?? "").split(" ");
  if (tab !== ME && Date.now() - Number(at) < EVERY + 500) return;
  localStorage.setItem(RINGER, `${ME} ${Date.now()}`);
  sound();
}

const sound = () => tones.play("ring", [[0, 740], [0.2, 880], [0.4, 740], [0.6, 880]]);

const mayNotify = () => "Notification" in window && Notification.permission === "granted";

function notify(call, words) {
  const shown = new Notification(words, { tag: call, icon: new URL("ringing.svg", import.meta.url).href });
  shown.addEventListener("click", () => {
    window.focus();
    location.assign(`/desk?open=${encodeURIComponent(call)}`);
  });
  return shown;
}

export function startSwitches(box) {
  const fault = box.querySelector("[data-fault]");
  const switches = [...box.querySelectorAll("[data-signal]")];
  const show = () => {
    for (const one of switches) one.checked = isOn(one.dataset.signal);
    document.getElementById("desk-area").toggleAttribute("data-large", isOn("large"));
  };
  box.addEventListener("change", async ({ target }) => {
    const name = target.dataset.signal;
    const why = name === "notice" && target.checked ? await refusal(box) : "";
    fault.textContent = why;
    fault.hidden = !why;
    localStorage.setItem(PREFIX + name, target.checked && !why ? "on" : "off");
    if (name === "sound" && target.checked) tones.play("ring", [[0, 740], [0.2, 880]]);
    show();
  });
  addEventListener("storage", show);
  document.addEventListener("click", ({ target }) => box.contains(target) || box.removeAttribute("open"));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    box.removeAttribute("open");
    box.querySelector("summary").focus();
    event.stopPropagation();
  });
  show();
}

async function refusal(box) {
  if (!("Notification" in window) || !window.isSecureContext) return box.dataset.insecure;
  return (await Notification.requestPermission()) === "granted" ? "" : box.dataset.denied;
}
