// Whoever looks at another tab sees and hears of the call too: the tab's title and icon, and a
// polite word for a screen reader.

const calmTitle = document.title;
const icon = document.querySelector('link[rel~="icon"]');
const calmIcon = icon ? icon.href : "";
let announced = "";

export function showCaller(state, announcer) {
  const ringing = state.dataset.ringing || "";
  document.title = ringing ? `☎ ${ringing}` : calmTitle;
  if (icon) {
    const wanted = ringing ? state.dataset.ringingIcon : calmIcon;
    if (wanted && icon.getAttribute("href") !== wanted) icon.href = wanted;
  }
  const words = state.dataset.announce || "";
  if (words !== announced) {
    announced = words;
    announcer.textContent = words;
  }
}
