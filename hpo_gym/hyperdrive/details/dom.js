// Elements, and numbers and times as they are read. What users wrote becomes text nodes and
// attributes that no browser executes, never HTML.
const SVG = "http://www.w3.org/2000/svg";
const find = (query, inside = document) => inside.querySelector(query);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function number(value, digits = 6) {
  if (value === null) return "";
  if (typeof value === "string") return value;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${Number(mantissa)}e${Number(power)}`;
  }
  return String(Number(value.toPrecision(digits)));
}

function short(text, letters) {
  return text.length > letters ? `${text.slice(0, Math.max(1, letters - 1))}…` : text;
}

function duration(seconds) {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (part) => String(part).padStart(2, "0");
  if (hours) return `${hours} h ${two(minutes)} min`;
  return minutes ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

function moment(seconds) {
  const local = new Date(seconds * 1000);
  const parts = [local.getHours(), local.getMinutes(), local.getSeconds()];
  const day = [local.getFullYear(), local.getMonth() + 1, local.getDate()];
  const joined = (numbers, mark) => numbers.map((n) => String(n).padStart(2, "0")).join(mark);
  return `${joined(day, "-")} ${joined(parts, ":")}`;
}

function bytes(size) {
  return size < 1024 ? `${size} bytes` : `${number(size / 1024, 3)} kB`;
}

// The marks of the states differ in shape, their lines in dashes: no colour is needed.
const MARKS = {
  Completed: "M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0",
  Canceled: "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
  Failed: "M0,-4.5L4.5,3.5L-4.5,3.5Z",
  Running: "M-3,-3H3V3H-3Z",
};

function mark(status) {
  return MARKS[status] ?? MARKS.Running;
}
