// What the waveform tells: where nobody speaks, and who speaks how much.

const LOUD = 0.06; // of the loudest value
const LEAST = 1.2; // seconds: a shorter pause belongs to the talk

function spoken(peaks) {
  return peaks.channels.map((values) => {
    const threshold = LOUD * Math.max(0.05, ...sample(values));
    return values.map((value) => Math.abs(value) > threshold);
  });
}

function sample(values) {
  const found = [];
  for (let at = 0; at < values.length; at += 10_000) found.push(Math.max(...values.slice(at, at + 10_000)));
  return found;
}

// Stretches in seconds, [[from, to], …].
export function silences(peaks) {
  const talk = spoken(peaks);
  const count = talk[0]?.length ?? 0;
  const found = [];
  let since = -1;
  for (let at = 0; at <= count; at += 1) {
    const isQuiet = at < count && !talk.some((channel) => channel[at]);
    if (isQuiet && since < 0) since = at;
    if (!isQuiet && since >= 0) {
      if ((at - since) / peaks.per_second >= LEAST) found.push([since / peaks.per_second, at / peaks.per_second]);
      since = -1;
    }
  }
  return found;
}

// Percent of the time, of two channels; null where there is one.
export function shares(peaks) {
  const [left, right] = spoken(peaks);
  if (!left?.length || !right) return null;
  let [one, two, both, none] = [0, 0, 0, 0];
  left.forEach((speaks, at) => {
    if (speaks && right[at]) both += 1;
    else if (speaks) one += 1;
    else if (right[at]) two += 1;
    else none += 1;
  });
  const part = (count) => Math.round((100 * count) / left.length);
  return { left: part(one + both), right: part(two + both), both: part(both), silence: part(none) };
}
