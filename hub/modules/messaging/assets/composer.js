// Where an answer is written: drafts that outlive a reload, files, templates, the parts of an SMS. Each click
// on Send carries a key of its own, so that a message that was sent twice by a bad line is one message.

const DRAFT = "pitline.inbox.draft.";
const COUNT_AFTER = 300;
const TELL_EVERY = 5000;

export function startComposer(place, { conversation, answering }) {
  const form = place?.querySelector('[data-form="send"]');
  if (!form) return { sent() {} };
  const text = form.querySelector("textarea");
  const way = form.querySelector("[name=way]");
  const files = form.querySelector("[data-files]");
  const count = form.querySelector("#inbox-count");
  const key = form.querySelector("[data-key-of-click]");
  let timer = 0;
  let toldAt = 0;

  const newKey = () => (key.value = crypto.randomUUID?.() ?? String(Math.random()).slice(2));
  const remember = () =>
    text.value.trim()
      ? sessionStorage.setItem(DRAFT + conversation, text.value)
      : sessionStorage.removeItem(DRAFT + conversation);

  function changed() {
    remember();
    clearTimeout(timer);
    timer = setTimeout(recount, COUNT_AFTER);
    if (text.value.trim() && Date.now() - toldAt > TELL_EVERY) {
      toldAt = Date.now();
      answering();
    }
  }

  async function recount() {
    const channel = way.selectedOptions[0];
    form.querySelector("[data-attach]").hidden = channel?.dataset.media === undefined;
    const hint = form.querySelector("[data-way-hint]");
    const byLink = form.querySelector("[data-files]").children.length ? channel?.dataset.byLink : "";
    hint.textContent = [channel?.dataset.hint, byLink].filter(Boolean).join(" ");
    hint.hidden = !hint.textContent;
    if (channel?.dataset.parts === undefined || !text.value.trim()) return void (count.textContent = "");
    const answer = await fetch(`/inbox/count?${new URLSearchParams({ text: text.value.slice(0, 3000) })}`).catch(() => null);
    if (answer?.ok) count.textContent = (await answer.json()).text;
  }

  async function fill(choice) {
    const answer = await fetch(choice.dataset.fill + choice.value, { headers: { Accept: "application/json" } }).catch(() => null);
    choice.value = "";
    if (!answer?.ok) return;
    text.value = (await answer.json()).text;
    text.focus();
    // What nobody could fill in is marked, to be typed over.
    const empty = /\{[a-z_]+\}/.exec(text.value);
    if (empty) text.setSelectionRange(empty.index, empty.index + empty[0].length);
    changed();
  }

  async function upload(field) {
    const [file] = field.files;
    if (!file) return;
    const body = new FormData();
    body.append("csrf", form.querySelector("[name=csrf]").value);
    body.append("file", file);
    const answer = await fetch(field.dataset.upload, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    field.value = "";
    const said = (await answer?.json().catch(() => null)) ?? {};
    const fault = form.querySelector("[data-error]");
    fault.hidden = Boolean(answer?.ok);
    if (!answer?.ok) return void (fault.textContent = said.error?.text ?? form.closest("[data-unreachable]").dataset.unreachable);
    files.append(chip(said, field.dataset.remove));
    recount();
  }

  function chip(file, remove) {
    const made = document.createElement("span");
    made.className = "badge bg-secondary-lt";
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "file", value: file.id });
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
    away.setAttribute("aria-label", `${remove} ${file.name}`);
    away.addEventListener("click", () => made.remove());
    made.append(file.name, hidden, away);
    return made;
  }

  text.value = sessionStorage.getItem(DRAFT + conversation) ?? text.value;
  text.addEventListener("input", changed);
  way.addEventListener("change", recount);
  form.querySelector("[data-fill]")?.addEventListener("change", (event) => event.target.value && fill(event.target));
  form.querySelector("[data-upload]").addEventListener("change", (event) => upload(event.target));
  newKey();
  recount();
  return {
    sent() {
      sessionStorage.removeItem(DRAFT + conversation);
      files.replaceChildren();
      count.textContent = "";
      newKey();
      text.focus();
    },
  };
}
