// One player: the sound is its own element outside of the page, so that no swap of the page stops it.

import WaveSurfer from "../vendor/wavesurfer.esm.js";
import { Heard } from "./heard.js";
import { listenForKeys } from "./player_keys.js";
import { Marks } from "./marks.js";
import { shares, silences } from "./speech.js";
import { Sides } from "./sides.js";

const STEP = 10;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5];
const nonce = document.querySelector("meta[property=csp-nonce]")?.nonce ?? "";
let last = null; // whom the keys mean

export class Player {
  constructor(root) {
    this.root = root;
    this.id = root.dataset.player;
    this.seconds = Number(root.dataset.seconds);
    this.audio = new Audio();
    this.audio.preload = "none";
    this.audio.preservesPitch = true;
    this.audio.src = root.dataset.media;
    this.quiet = [];
    this.skips = false;
    this.sides = new Sides(this.audio);
    this.heard = new Heard(this.audio, root.dataset.played);
    this.marks = new Marks(this);
    this.bind();
    this.follow();
    this.wave = null;
    new IntersectionObserver((seen, watch) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      this.draw();
    }).observe(root);
    if (!last?.root.isConnected) last = this;
    this.begin();
  }

  find(what) {
    return this.root.querySelector(`[data-part="${what}"]`);
  }

  get length() {
    return Number.isFinite(this.audio.duration) && this.audio.duration > 0 ? this.audio.duration : this.seconds;
  }

  // ?t=75 leads to a moment, on the page of this recording alone.
  begin() {
    const moment = Number.parseFloat(new URLSearchParams(location.search).get("t") ?? "");
    if (this.root.dataset.linked !== undefined && Number.isFinite(moment)) this.seek(moment);
    else if (this.root.dataset.start) this.seek(Number(this.root.dataset.start));
    if (this.root.dataset.playNow) this.play();
    this.show();
  }

  bind() {
    this.root.addEventListener("pitline:play", () => this.play());
    this.root.addEventListener("pointerdown", () => (last = this), true);
    this.root.addEventListener("focusin", () => (last = this));
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.act(button.dataset.do, button);
    });
    this.find("place").addEventListener("input", ({ target }) => this.seek(Number(target.value)));
    this.find("speed").addEventListener("change", ({ target }) => this.speed(Number(target.value)));
    document.addEventListener("pitline:theme", () => this.colour());
  }

  follow() {
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "ratechange", "loadedmetadata"]) {
      this.audio.addEventListener(name, () => this.show());
    }
    this.audio.addEventListener("play", () => {
      last = this;
      document.dispatchEvent(new CustomEvent("pitline:sound", { detail: this }));
      this.watch();
    });
    this.audio.addEventListener("error", () => this.fail());
    this.audio.addEventListener("waiting", () => this.root.classList.add("is-waiting"));
    this.audio.addEventListener("playing", () => {
      this.root.classList.remove("is-waiting");
      this.find("fault").hidden = true;
    });
    document.addEventListener("pitline:sound", ({ detail }) => detail !== this && this.audio.pause());
  }

  act(name, button) {
    if (name === "play") this.audio.paused ? this.play() : this.audio.pause();
    else if (name === "back") this.seek(this.audio.currentTime - STEP);
    else if (name === "on") this.seek(this.audio.currentTime + STEP);
    else if (name === "slower") this.speed(this.nextSpeed(-1));
    else if (name === "faster") this.speed(this.nextSpeed(1));
    else if (name === "skip") this.skip();
    else if (name === "left" || name === "right") this.mute(name);
    else if (name === "mark") this.marks.open();
    else if (name === "moment") this.seek(Number(button.dataset.at), true);
    else if (name === "copy") this.copy(button);
    else if (name === "keys") this.find("keys")?.showModal();
    else return false;
    return true;
  }

  async play() {
    try {
      if (this.audio.ended) this.audio.currentTime = 0;
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.fail();
    }
  }

  seek(seconds, plays = false) {
    this.audio.currentTime = Math.min(Math.max(0, seconds), Math.max(0, this.length - 0.05));
    this.show();
    if (plays) this.play();
  }

  speed(rate) {
    this.audio.playbackRate = rate;
    this.audio.defaultPlaybackRate = rate;
    this.find("speed").value = String(rate);
  }

  nextSpeed(step) {
    const at = SPEEDS.findIndex((one) => one >= this.audio.playbackRate);
    return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))];
  }

  skip() {
    this.skips = !this.skips;
    this.find("skip").setAttribute("aria-pressed", String(this.skips));
  }

  mute(side) {
    this.find(side)?.setAttribute("aria-pressed", String(this.sides.toggle(side)));
  }

  // Looks more often than the browser tells of the time: the needle glides, silence is left out at once.
  watch() {
    if (this.audio.paused) return;
    const now = this.audio.currentTime;
    const gap = this.skips && this.quiet.find(([from, to]) => now >= from && now < to - 0.3);
    if (gap) this.audio.currentTime = gap[1] - 0.2;
    this.needle();
    requestAnimationFrame(() => this.watch());
  }

  needle() {
    this.find("needle").style.left = `${(100 * this.audio.currentTime) / (this.length || 1)}%`;
  }

  show() {
    const plays = !this.audio.paused;
    const { sayPlay: play, sayPause: pause } = this.root.dataset;
    const button = this.find("play");
    this.root.classList.toggle("is-playing", plays);
    button.setAttribute("aria-label", plays ? pause : play);
    button.title = plays ? pause : play;
    const [now, all] = [clock(this.audio.currentTime), clock(this.length)];
    this.find("now").textContent = now;
    this.find("all").textContent = all;
    const place = this.find("place");
    place.max = String(this.length);
    place.value = String(this.audio.currentTime);
    place.setAttribute("aria-valuetext", this.root.dataset.of.replace("{now}", now).replace("{all}", all));
    this.needle();
  }

  fail() {
    const fault = this.find("fault");
    fault.hidden = false;
    this.root.classList.remove("is-waiting");
  }

  async draw() {
    let peaks;
    try {
      const answer = await fetch(this.root.dataset.peaks, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      peaks = await answer.json();
    } catch {
      return; // without a waveform one can still listen
    }
    const split = peaks.channels.length > 1;
    const played = !this.audio.paused;
    this.wave = WaveSurfer.create({
      container: this.find("wave"), media: this.audio, peaks: peaks.channels, duration: this.seconds,
      height: split ? 36 : 56, cspNonce: nonce, normalize: true, cursorWidth: 0, barWidth: 2, barGap: 1,
      interact: false, hideScrollbar: true, ...this.colours(split),
    });
    if (played) this.wave.once("ready", () => this.play());
    this.quiet = silences(peaks);
    this.tell(shares(peaks));
  }

  colours(split) {
    const style = getComputedStyle(this.root);
    const of = (name) => style.getPropertyValue(name).trim();
    const one = { waveColor: of("--rec-wave"), progressColor: of("--rec-played") };
    const two = { waveColor: of("--rec-wave-2"), progressColor: of("--rec-played-2") };
    return split ? { splitChannels: [one, two].map((colour) => ({ ...colour, overlay: false })) } : one;
  }

  colour() {
    this.wave?.setOptions(this.colours(this.wave.options.splitChannels !== undefined));
  }

  // Who spoke how much, where each has a channel.
  tell(found) {
    const place = this.find("shares");
    if (!place || !found) return;
    place.textContent = place.dataset.words.replace(/\{(\w+)\}/g, (_, name) => String(found[name]));
    place.hidden = false;
  }

  async copy(button) {
    const at = button.dataset.at ?? this.audio.currentTime;
    const address = new URL(this.root.dataset.page, location.href);
    address.searchParams.set("t", String(Math.floor(at)));
    try {
      await navigator.clipboard.writeText(address.href);
      document.dispatchEvent(new CustomEvent("pitline:toast", { detail: { text: this.root.dataset.copied } }));
    } catch {
      prompt(this.root.dataset.copied, address.href);
    }
  }

  // The page was swapped: this player stands in the new place, with the marks that came with it.
  moveTo(place) {
    const list = place.querySelector("[data-part=marks]");
    if (list) this.find("marks")?.replaceWith(list);
    place.replaceWith(this.root);
    this.marks.show();
    this.show();
  }

  end() {
    this.audio.pause();
    this.heard.send();
    this.sides.close();
    this.wave?.destroy();
  }
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

listenForKeys(() => (last?.root.isConnected ? last : null));
