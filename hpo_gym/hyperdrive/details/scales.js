// From values to pixels.
function steps(low, high, count, whole) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

function powers(low, high) {
  const wide = Math.log10(high / low);
  const factors = wide > 3 ? [1] : wide > 1.2 ? [1, 3] : [1, 2, 3, 5];
  const every = Math.max(1, Math.round(wide / 6));
  const found = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k += 1) {
    if (wide > 3 && k % every) continue;
    for (const factor of factors) {
      const value = Number(`${factor}e${k}`);
      if (value >= low * 0.999999 && value <= high * 1.000001) found.push(value);
    }
  }
  return found;
}

// A scale of numbers: `at` gives the pixel of a value, between the pixels `from` and `to`.
function numbers(values, from, to, { log = false, whole = false, count = 6 } = {}) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  const logarithmic = log && low > 0;
  if (low === high) {
    const more = whole ? 1 : Math.abs(low) * 0.05 || 0.5;
    [low, high] = logarithmic ? [low / 2, high * 2] : [low - more, high + more];
  }
  const of = logarithmic ? Math.log10 : (value) => value;
  const share = (to - from) / (of(high) - of(low));
  const at = (value) => from + (of(value) - of(low)) * share;
  let ticks = logarithmic ? powers(low, high) : steps(low, high, count, whole);
  if (ticks.length < 2) ticks = steps(low, high, count, whole);
  return { at, ticks: ticks.map((value) => [at(value), number(value)]) };
}

// A scale of options, evenly spaced.
function options(texts, from, to) {
  const place = new Map(texts.map((text, index) => [text, index]));
  const between = (to - from) / Math.max(1, texts.length - 1);
  const first = texts.length > 1 ? from : (from + to) / 2;
  const at = (text) => first + place.get(text) * between;
  const every = Math.ceil((14 * texts.length) / Math.max(1, Math.abs(to - from)));
  const ticks = texts.filter((_, index) => index % every === 0).map((text) => [at(text), text]);
  return { at, ticks };
}
