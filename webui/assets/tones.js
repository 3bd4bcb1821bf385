// Soft tones, made here: no file, nothing to fetch. `tones` are pairs of seconds from now and hertz.

export function play(what, tones) {
  document.dispatchEvent(new CustomEvent("pitline:sound", { detail: { what } }));
  const audio = new AudioContext();
  for (const [at, pitch] of tones) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const begin = audio.currentTime + at;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.12, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.4);
  }
  setTimeout(() => audio.close(), 1500);
}
