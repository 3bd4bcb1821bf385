// Marks and events on the line of a player; a new mark is written without leaving the sound.

const SIGNS = { hold: "is-hold", pause: "is-pause", transfer: "is-transfer", answered: "is-answered", left: "is-left" };

export class Marks {
  constructor(player) {
    this.player = player;
    this.show();
    this.form = player.find("form");
    this.form?.addEventListener("submit", (event) => this.send(event));
    player.root.addEventListener("submit", (event) => {
      if (event.target.matches("[data-part=remove]")) this.send(event);
    });
  }

  // Every [data-at] of the list and of the events gets its sign on the line.
  show() {
    const line = this.player.find("line");
    if (!line) return;
    line.replaceChildren();
    for (const item of this.player.root.querySelectorAll("[data-moment]")) {
      const at = Number(item.dataset.at);
      const sign = document.createElement(item.dataset.moment === "mark" ? "button" : "span");
      sign.className = `rec-sign ${SIGNS[item.dataset.moment] ?? "is-mark"}`;
      sign.style.left = `${(100 * at) / (this.player.seconds || 1)}%`;
      const until = Number.parseFloat(item.dataset.until ?? "");
      if (until > at) sign.style.width = `${(100 * (until - at)) / (this.player.seconds || 1)}%`;
      sign.title = item.dataset.title;
      if (item.dataset.moment === "mark") {
        sign.type = "button";
        sign.dataset.do = "moment";
        sign.dataset.at = item.dataset.at;
        sign.setAttribute("aria-label", item.dataset.title);
      }
      line.append(sign);
    }
  }

  open() {
    if (!this.form) return;
    this.form.elements.at.value = this.player.audio.currentTime.toFixed(1);
    this.player.find("form-time").textContent = this.player.find("now").textContent;
    this.form.hidden = false;
    this.form.elements.text.focus();
  }

  async send(event) {
    event.preventDefault();
    const form = event.target;
    const fault = form.querySelector("[data-error]");
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      const html = await answer.text();
      if (!answer.ok) throw new Error(new DOMParser().parseFromString(html, "text/html").body.textContent.trim());
      this.player.find("marks").outerHTML = html;
      if (form === this.form) {
        form.reset();
        form.hidden = true;
        this.player.find("play").focus();
      }
      this.show();
    } catch (error) {
      const text = error instanceof TypeError ? document.getElementById("toasts").dataset.unreachable : error.message;
      if (fault) {
        fault.textContent = text;
        fault.hidden = false;
      }
    }
  }
}
