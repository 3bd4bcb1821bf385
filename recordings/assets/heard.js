// Tells the hub which stretches were really played: who listens is written down, and how much of it.

const EVERY = 15; // seconds of sound

export class Heard {
  constructor(audio, address) {
    this.audio = audio;
    this.address = address;
    this.from = null;
    if (!address) return;
    audio.addEventListener("playing", () => (this.from ??= audio.currentTime));
    audio.addEventListener("timeupdate", () => this.look());
    for (const name of ["pause", "ended", "seeking"]) audio.addEventListener(name, () => this.send());
    this.last = 0;
    window.addEventListener("pagehide", () => this.send());
  }

  look() {
    const now = this.audio.currentTime;
    if (this.from !== null && now - this.from >= EVERY) {
      this.last = now;
      this.send();
      this.from = now;
    }
    if (!this.audio.seeking) this.last = now;
  }

  send() {
    if (this.from === null || !this.address) return;
    const [from, to] = [this.from, this.last];
    this.from = this.audio.paused || this.audio.seeking ? null : this.audio.currentTime;
    if (to - from < 0.2) return;
    const address = new URL(this.address, location.href);
    address.searchParams.set("from", from.toFixed(1));
    address.searchParams.set("to", to.toFixed(1));
    fetch(address, { keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
  }
}
