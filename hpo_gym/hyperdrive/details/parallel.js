// Parallel coordinates: an axis for each hyperparameter, and one for the best metric.
const APART = 104;

function drawParallel(figure, data, view) {
  const ranked = rankedChildren(data);
  const shown = ranked.filter((child) => !view.hidden.has(child.status));
  find("p", figure).textContent = "One line per child, from its hyperparameters to its best "
    + `${data.metric}.`;
  const [top, bottom, left, last] = [40, HEIGHT - 14, 16, 84];
  const count = data.parameters.length;
  const width = Math.max(find(".plot", figure).clientWidth, left + last + APART * count);
  const apart = (width - left - last) / Math.max(1, count);
  const metric = (child) => (typeof child.best === "number" ? child.best : null);
  const axes = [
    ...data.parameters.map((parameter, index) => ({
      name: parameter.name, value: (child) => child.values[index], options: parameter.options,
      log: parameter.scale === "log", note: parameter.scale === "log" ? "log" : "",
    })),
    { name: data.metric, value: metric, log: view.log, note: view.log ? "best, log" : "best" },
  ].map((axis, index) => ({
    ...axis, x: left + index * apart, ...scaleOf(axis, data.children, top + 6, bottom - 6),
  }));
  const canvas = svg("svg", { width, height: HEIGHT, role: "img" });
  canvas.setAttribute("aria-label", `${count} hyperparameters and the best ${data.metric} of `
    + `${data.children.length} children. The table below has the numbers.`);
  setInk(canvas, shown.length);
  const [faint, steep] = shown.length > 200 ? [0.08, 40] : shown.length > 40 ? [0.2, 6] : [0.35, 2];
  const [groups, places] = [new Map(), new Map()];
  for (const child of shown) {
    const at = axes.map((axis) => [axis.x, axis.at(axis.value(child))]);
    places.set(child, at);
    const group = childPath(child, at);
    // By rank, so that one bad child does not make all others look alike.
    const percent = child.share === null ? 0 : Math.round(100 * child.share);
    const colour = `color-mix(in oklab, var(--better) ${percent}%, var(--worse))`;
    group.firstChild.style.stroke = colour;
    group.firstChild.style.strokeOpacity = faint + (1 - faint) * (child.share ?? 0) ** steep;
    groups.set(child.number, group);
  }
  canvas.append(...groups.values(), ...axes.map((axis) => drawnAxis(axis, top, bottom, apart)));
  const nearest = (px, py) => nearestLine(places, axes, px, py);
  return place(figure, canvas, groups, nearest, view);
}

// An axis on which some have no value has a place for these, apart from the values, at its end.
function scaleOf(axis, children, top, bottom) {
  const values = children.map(axis.value);
  const end = values.includes(null) ? bottom - 30 : bottom;
  const scale = axis.options
    ? options(axis.options, top, end) : numbers(values, end, top, { log: axis.log });
  return {
    at: (value) => (value === null ? bottom : scale.at(value)),
    ticks: end < bottom ? [...scale.ticks, [bottom, "none"]] : scale.ticks,
  };
}

// Worst first, so that the best lies on top; `share` is 1 for the best and 0 for the worst.
function rankedChildren(data) {
  const sign = data.goal === "maximize" ? 1 : -1;
  const known = data.children.filter((child) => typeof child.best === "number");
  known.sort((a, b) => sign * (a.best - b.best) || b.number - a.number);
  const rest = data.children.filter((child) => typeof child.best !== "number");
  const most = Math.max(1, known.length - 1);
  return [
    ...rest.map((child) => ({ ...child, share: null })),
    ...known.map((child, index) => ({ ...child, share: known.length > 1 ? index / most : 1 })),
  ];
}

function drawnAxis(axis, top, bottom, apart) {
  const group = svg("g");
  group.append(svg("path", { class: "axis", d: `M${axis.x},${top}V${bottom}` }));
  for (const [y, text] of axis.ticks) {
    group.append(svg("path", { class: "axis", d: `M${axis.x},${y}h4` }));
    const label = short(text, Math.floor((apart - 12) / 7));
    group.append(svg("text", { class: "over", x: axis.x + 7, y: y + 4 }, label));
  }
  const letters = Math.floor((apart - 8) / 7.5);
  const title = svg("text", { class: "title over", x: axis.x - 4, y: 14 }, short(axis.name, letters));
  title.append(svg("title", {}, axis.name));
  group.append(title);
  if (axis.note) group.append(svg("text", { x: axis.x - 4, y: 28 }, axis.note));
  return group;
}

function nearestLine(places, axes, px, py) {
  let [closest, found] = [14, null];
  for (const [child, spots] of places) {
    for (let index = 1; index < spots.length; index += 1) {
      const [a, b] = [spots[index - 1], spots[index]];
      if (px < a[0] || px > b[0]) continue;
      const y = a[1] + ((px - a[0]) / (b[0] - a[0])) * (b[1] - a[1]);
      // Of lines that are as close, the better one, which lies on top.
      if (Math.abs(y - py) <= closest) [closest, found] = [Math.abs(y - py), { child, y }];
    }
  }
  if (!found) return null;
  const lines = axes.map((axis) => `${axis.name}: ${number(axis.value(found.child)) || "none"}`);
  const text = `run ${found.child.number}, ${found.child.status}\n${lines.join("\n")}`;
  return { child: found.child.number, text, x: px, y: found.y };
}
