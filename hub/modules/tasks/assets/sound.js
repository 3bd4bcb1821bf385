// A new call-back is heard on every page, once in a browser however many tabs are open, unless it is
// switched off there.

import * as tones from "../webui/tones.js";

const SWITCH = "pitline.tasks.sound";
const HEARD = "pitline.tasks.heard";

const read = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

const write = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing: the switch lasts as long as the page.
  }
};

export const isOn = () => read(SWITCH) !== "off";

export function startSwitch(button) {
  const show = () => {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(isOn()));
    button.querySelector("span").textContent = isOn() ? button.dataset.on : button.dataset.off;
  };
  button.addEventListener("click", () => {
    write(SWITCH, isOn() ? "off" : "on");
    show();
    if (isOn()) play();
  });
  addEventListener("storage", (event) => event.key === SWITCH && show());
  show();
}

const play = () => tones.play("task", [[0, 660], [0.18, 880]]);

document.addEventListener("pitline:badge", ({ detail }) => {
  if (detail.path !== "/tasks" || !detail.newest) return;
  const heard = read(HEARD);
  if (heard !== null && heard >= detail.newest) return;
  write(HEARD, detail.newest);
  if (heard !== null && isOn()) play();
});

// Where nothing has been heard yet, the first call-back after now is.
document.addEventListener("pitline:badge", ({ detail }) => {
  if (detail.path === "/tasks" && read(HEARD) === null) write(HEARD, detail.newest);
});
