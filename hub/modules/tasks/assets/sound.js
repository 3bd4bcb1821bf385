// A new call-back is heard on every page, once in a browser however many tabs are open, unless it is
// switched off there. Two soft tones, made here: no file, nothing to fetch.

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

function play() {
  document.dispatchEvent(new CustomEvent("pitline:sound", { detail: { what: "task" } }));
  const audio = new AudioContext();
  for (const [at, pitch] of [[0, 660], [0.18, 880]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, audio.currentTime + at);
    volume.gain.linearRampToValueAtTime(0.12, audio.currentTime + at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.4);
  }
  setTimeout(() => audio.close(), 1500);
}

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
