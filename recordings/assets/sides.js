// The two channels of a recording, each of which can be muted; both are heard in both ears.

export class Sides {
  constructor(audio) {
    this.audio = audio;
    this.gains = null;
    this.muted = { left: false, right: false };
  }

  // Whether that side is muted now. The graph is made when it is first needed: a browser allows it only then.
  toggle(side) {
    this.muted[side] = !this.muted[side];
    if (!this.gains) this.connect();
    this.gains[side].gain.value = this.muted[side] ? 0 : 1;
    return this.muted[side];
  }

  connect() {
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.audio);
    const parts = this.context.createChannelSplitter(2);
    source.connect(parts);
    this.gains = {};
    ["left", "right"].forEach((side, channel) => {
      this.gains[side] = this.context.createGain();
      parts.connect(this.gains[side], channel);
      this.gains[side].connect(this.context.destination);
    });
    this.audio.addEventListener("play", () => this.context.resume());
    this.context.resume();
  }

  close() {
    this.context?.close();
  }
}
