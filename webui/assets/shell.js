// What every page can do: choose colours, show toasts, send htmx's changes with the session's token.

const root = document.documentElement;

for (const button of document.querySelectorAll("[data-set-theme]")) {
  button.addEventListener("click", () => {
    const theme = button.dataset.setTheme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `pitline_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.dataset.theme = theme;
    for (const other of document.querySelectorAll("[data-set-theme]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    document.dispatchEvent(new CustomEvent("pitline:theme"));
  });
}

// Any script may say something: document.dispatchEvent(new CustomEvent("pitline:toast", {detail: {text, kind}})).
// `kind` is success, warning or danger.
document.addEventListener("pitline:toast", ({ detail }) => {
  const area = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = `toast show shell-toast is-${detail.kind ?? "success"}`;
  const body = document.createElement("div");
  body.className = "toast-body";
  body.textContent = detail.text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", area.dataset.close);
  close.addEventListener("click", () => toast.remove());
  toast.append(body, close);
  area.append(toast);
  setTimeout(() => toast.remove(), detail.kind === "danger" ? 15000 : 6000);
});

// The person menu closes when one looks elsewhere.
const person = document.querySelector(".shell-person-menu");
document.addEventListener("click", (event) => {
  if (person?.open && !person.contains(event.target)) person.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && person?.open) {
    person.open = false;
    person.querySelector("summary").focus();
  }
});

// A part of a page that a button fetches: <button data-fetch="/path" data-into="#id" data-method="POST">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-fetch]");
  if (!button) return;
  const place = document.querySelector(button.dataset.into);
  button.disabled = true;
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button.dataset.fetch, {
      method: button.dataset.method ?? "GET",
      headers: { "HX-Request": "true" },
    });
    const redirect = answer.headers.get("HX-Redirect");
    if (redirect) location.assign(redirect);
    else place.innerHTML = await answer.text();
  } finally {
    button.disabled = false;
    place.removeAttribute("aria-busy");
  }
});

// A form whose answer may be a file, after which the page still stands: <form data-once>. No password stays in
// it, and what is marked [data-sent] says that it is under way.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("form[data-once]")) return;
  setTimeout(() => {
    for (const field of target.querySelectorAll("input[type=password]")) field.value = "";
    for (const sign of target.querySelectorAll("[data-sent]")) sign.hidden = false;
  });
});

// What is looked at again and again while the page is in sight: <div data-refresh="/path">. An answer with
// [data-over] in it says that the whole page is another one now.
const REFRESH_EVERY = 10000;
async function refresh(place) {
  if (document.hidden || place.contains(document.activeElement)) return;
  try {
    const answer = await fetch(place.dataset.refresh, { headers: { "HX-Request": "true" } });
    if (!answer.ok || place.contains(document.activeElement)) return;
    place.innerHTML = await answer.text();
    if (place.querySelector("[data-over]")) location.reload();
  } catch {
    // The network is away: the next round tries again, and the banner tells it.
  }
}
for (const place of document.querySelectorAll("[data-refresh]")) {
  setInterval(() => refresh(place), REFRESH_EVERY);
}

// And at once when what it shows changes, or may have changed unheard: <div data-refresh="/path"
// data-live="topic"> or data-live="topic:id".
document.addEventListener("pitline:hint", ({ detail }) => {
  for (const place of document.querySelectorAll("[data-refresh][data-live]")) {
    if ([detail.topic, `${detail.topic}:${detail.id}`].includes(place.dataset.live)) refresh(place);
  }
});
document.addEventListener("pitline:resync", () => {
  for (const place of document.querySelectorAll("[data-refresh][data-live]")) refresh(place);
});
