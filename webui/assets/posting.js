// Forms of a live page are sent without leaving it. A form is sent once at a time; what went
// wrong stands under it in the server's words, and what was typed stays.

export function startPosting(area, { posted }) {
  area.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      await send(form, event.submitter);
    } finally {
      delete form.dataset.busy;
    }
  });

  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      return complain(form, area.dataset.unreachable);
    }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const { text = area.dataset.unreachable, hint = "", fields = {} } = said.error ?? {};
      return complain(form, [text, ...Object.values(fields), hint].filter(Boolean).join(" "));
    }
    complain(form, "");
    form.reset();
    if (said.notice) tell(said.notice);
    posted(form, said);
  }

  function complain(form, text) {
    const place = form.querySelector("[data-error]");
    if (place) {
      place.textContent = text;
      place.hidden = !text;
    } else if (text) tell(text, "danger");
  }

  function tell(text, kind = "success") {
    document.dispatchEvent(new CustomEvent("pitline:toast", { detail: { text, kind } }));
  }
}
