// The primary metric of each child against its intervals; of children that report once, against
// their numbers, with the best so far.
function drawLines(figure, data, view) {
  const shown = data.children.filter((child) => child.y.length && !view.hidden.has(child.status));
  const once = data.children.every((child) => child.intervals < 2)
    && data.children.some((child) => child.intervals && child.ended !== null);
  const x = once ? "run" : "interval";
  find("h2", figure).textContent = `${data.metric} by ${x}`;
  find("p", figure).textContent = once
    ? "One mark per child; the line is the best so far."
    : "One line per child, which ends with the mark of its state.";
  const width = Math.max(280, find(".plot", figure).clientWidth);
  const [left, right, top, bottom] = [62, width - 14, 10, HEIGHT - 44];
  const across = numbers(
    shown.flatMap((child) => (once ? [child.number] : child.x)), left + 8, right - 8,
    { whole: true, count: width / 90 },
  );
  const up = numbers(shown.flatMap((child) => child.y), bottom - 8, top + 8, { log: view.log });
  const canvas = svg("svg", { width, height: HEIGHT, role: "img" });
  canvas.setAttribute("aria-label", summary(data, x));
  for (const [y, text] of up.ticks) {
    canvas.append(svg("path", { class: "grid", d: `M${left},${y}H${right}` }));
    canvas.append(svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, text));
  }
  for (const [at, text] of across.ticks) {
    canvas.append(svg("path", { class: "axis", d: `M${at},${bottom}v5` }));
    canvas.append(svg("text", { x: at, y: bottom + 19, "text-anchor": "middle" }, text));
  }
  canvas.append(svg("path", { class: "axis", d: `M${left},${top}V${bottom}H${right}` }));
  const middle = (left + right) / 2;
  canvas.append(svg("text", { x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, x));
  if (!shown.length) {
    const text = "No primary metric yet";
    canvas.append(svg("text", { x: middle, y: HEIGHT / 2, "text-anchor": "middle" }, text));
  }
  setInk(canvas, once ? 0 : shown.length);
  const [groups, places] = [new Map(), new Map()];
  for (const child of shown) {
    const at = child.y.map((value, index) => (
      value === null || (view.log && value <= 0)
        ? null : [across.at(once ? child.number : child.x[index]), up.at(value)]));
    places.set(child, at);
    const group = childPath(child, at);
    group.classList.toggle("best", child.number === data.best);
    groups.set(child.number, group);
  }
  if (once) canvas.append(svg("path", { class: "best-so-far", d: bestSoFar(places, data.goal) }));
  canvas.append(...groups.values());
  return place(figure, canvas, groups, (px, py) => nearestPoint(places, px, py, data), view);
}

function bestSoFar(places, goal) {
  const better = goal === "maximize" ? Math.min : Math.max; // of pixels, from the top
  let text = "";
  let best = null;
  for (const [spot] of places.values()) {
    if (!spot) continue;
    best = best === null ? spot[1] : better(best, spot[1]);
    text += `${text ? "H" : "M"}${spot[0].toFixed(1)}${text ? "V" : ","}${best.toFixed(1)}`;
  }
  return text;
}

function nearestPoint(places, px, py, data) {
  let [closest, found] = [24 ** 2, null];
  for (const [child, spots] of places) {
    spots.forEach((spot, index) => {
      if (spot === null) return;
      const away = (spot[0] - px) ** 2 + (spot[1] - py) ** 2;
      if (away < closest) [closest, found] = [away, { child, index, spot }];
    });
  }
  if (!found) return null;
  const { child, index, spot } = found;
  const text = `run ${child.number}, ${child.status}\n${data.metric} ${number(child.y[index])} `
    + `after interval ${child.x[index]}`;
  return { child: child.number, text, x: spot[0], y: spot[1] };
}

function summary(data, x) {
  const best = data.children.find((child) => child.number === data.best);
  const words = best ? `; the best, ${number(best.best)}, is of run ${best.number}` : "";
  return `${data.metric} of ${data.children.length} children by ${x}${words}. `
    + "The table below has the numbers.";
}
