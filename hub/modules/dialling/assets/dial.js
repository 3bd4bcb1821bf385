// A click on a number rings one's own phone, then the number. One click is one call: it bears a key of its
// own, which is used again until the hub has answered; how the order stands is asked at every hint of it.
// Ctrl, Cmd or a middle click leave the number to the device's own phone program, and so does whoever has
// no phone here.

const WORDS = document.getElementById("toasts");
const AFTER_END = 8000;
const keys = new Map();
const bar = makeBar();
let shown = "";
let closing = 0;
let asking = 0;

function makeBar() {
  const made = document.createElement("div");
  made.id = "dial-bar";
  made.className = "shell-dial";
  made.setAttribute("role", "status");
  made.hidden = true;
  document.body.append(made);
  return made;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="tel:"]');
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  call(link.getAttribute("href").slice(4), link.dataset.call ?? "", link);
});

// Other scripts: document.dispatchEvent(new CustomEvent("pitline:call", {detail: {number, call}})).
document.addEventListener("pitline:call", ({ detail }) => call(detail.number, detail.call ?? ""));

async function call(number, callId, link) {
  const about = `${number} ${callId}`;
  if (!keys.has(about)) keys.set(about, crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  const fields = { number, key: keys.get(about), call_id: callId };
  let answer;
  try {
    answer = await fetch("/dialling/call", {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { Accept: "application/json", "X-CSRF-Token": WORDS.dataset.csrf },
    });
  } catch {
    // Whether it arrived is not known: the next click bears the same key.
    return tell(WORDS.dataset.unreachable);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) {
    keys.delete(about);
    return show(said.id);
  }
  if (answer.status >= 500 && !said.error) return tell(WORDS.dataset.unreachable);
  keys.delete(about);
  const { code, text = "", hint = "", data = {} } = said.error ?? {};
  if (code === "dial.no_phone" && link) location.href = link.href;
  if (code === "dial.cap" && data.confirm) return confirmAbove(data.confirm, fields);
  tell([text, hint].filter(Boolean).join(" "));
}

// The page that asks a second person takes over.
function confirmAbove(address, fields) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  for (const [name, value] of Object.entries({ ...fields, csrf: WORDS.dataset.csrf })) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

// A colleague chosen by a click: the number stands in the field, and the next key puts through.
document.addEventListener("click", (event) => {
  const chosen = event.target.closest?.("[data-transfer-to]");
  if (!chosen) return;
  const form = chosen.closest("form");
  form.querySelector("[data-transfer]").value = chosen.dataset.transferTo;
  (form.querySelector(`button[value="${first}"]`) ?? form.querySelector("button[name=kind]")).focus();
});

// Which of the two Enter does in that field: what the last key asked for.
let first = "blind";
document.addEventListener("pitline:transfer", ({ detail }) => {
  first = detail.kind;
  document.documentElement.dataset.dialFirst = first;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches?.("[data-transfer]")) return;
  const button = event.target.form.querySelector(`button[value="${first}"]`);
  if (!button) return;
  event.preventDefault();
  event.target.form.requestSubmit(button);
});

// Forms that order something: posted without leaving the page, each once at a time.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-dial]")) return;
    event.preventDefault();
    event.stopPropagation();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    await post(form, event.submitter);
    delete form.dataset.busy;
  },
  true,
);

async function post(form, button) {
  const menu = form.closest("details[open]");
  let isLeft = false;
  menu?.addEventListener("toggle", () => (isLeft = true), { once: true });
  let answer;
  try {
    const body = new URLSearchParams(new FormData(form, button));
    answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    return tell(WORDS.dataset.unreachable);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const { text = WORDS.dataset.unreachable, hint = "" } = said.error ?? {};
    return tell([text, hint].filter(Boolean).join(" "));
  }
  // Shut meanwhile, it may have been opened anew, for the next order.
  if (!isLeft) menu?.removeAttribute("open");
  await show(said.id);
}

async function show(id) {
  shown = id;
  const answer = await fetch(`/dialling/orders/${encodeURIComponent(id)}`, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || shown !== id) return;
  put(await answer.text());
}

// An order of one's own that another part of the page gave.
function soon() {
  clearTimeout(asking);
  asking = setTimeout(showLatest, 150);
}

async function showLatest() {
  const answer = await fetch("/dialling/latest", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 200) put(await answer.text());
  else if (shown && answer?.status === 204) show(shown);
}

function put(html) {
  clearTimeout(closing);
  bar.innerHTML = html;
  const order = bar.querySelector("[data-order]");
  if (!order) return;
  shown = order.dataset.order;
  bar.hidden = false;
  if (!order.hasAttribute("data-open") && order.dataset.state !== "failed") closing = setTimeout(hide, AFTER_END);
}

function hide() {
  clearTimeout(closing);
  bar.hidden = true;
  bar.replaceChildren();
  shown = "";
}

bar.addEventListener("click", (event) => event.target.closest("[data-dial-close]") && hide());

document.addEventListener("pitline:hint", ({ detail }) => {
  if (detail.topic !== "dialling") return;
  if (shown && detail.id === shown) show(shown);
  else if (!shown) soon();
});
document.addEventListener("pitline:resync", showLatest);

function tell(text) {
  document.dispatchEvent(new CustomEvent("pitline:toast", { detail: { text, kind: "danger" } }));
}
