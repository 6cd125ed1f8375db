// The table of children: rows stay where they are while what stands in them changes.
const rows = new Map();
const order = { column: 0, down: false };

function columns(data) {
  const clock = data.virtual ? " (virtual s)" : "";
  return [
    { name: "run", key: (child) => child.number },
    { name: "intervals", key: (child) => child.intervals },
    { name: `last ${data.metric}`, key: (child) => child.last },
    { name: `best ${data.metric}`, key: (child) => child.best },
    { name: "status", words: true, key: (child) => stateOf(child) },
    { name: `started${clock}`, key: (child) => child.started },
    { name: `duration${clock}`, key: (child) => tookOf(child, data) },
    ...data.parameters.map((parameter, index) => ({
      name: parameter.name, words: parameter.scale === "options",
      key: (child) => child.values[index],
      rank: (child) => rankOf(parameter, child.values[index]),
    })),
  ];
}

function rankOf(parameter, value) {
  if (value === null || parameter.scale !== "options") return value;
  return parameter.options.indexOf(value);
}

function stateOf(child) {
  return child.terminated ? `${child.status} by the policy` : child.status;
}

function tookOf(child, data) {
  if (child.ended !== null) return child.ended - child.started;
  return data.virtual || data.terminal ? null : data.now - child.started;
}

function cells(child, data) {
  const took = tookOf(child, data);
  const values = child.values.map((value) => number(value));
  return [
    String(child.number), String(child.intervals), number(child.last, 8), number(child.best, 8),
    stateOf(child), data.virtual ? number(child.started) : moment(child.started),
    took === null ? "" : data.virtual ? number(took) : duration(took), ...values,
  ];
}

function fillTable(box, data, view) {
  const wanted = columns(data);
  const head = find("thead tr", box);
  const names = JSON.stringify(wanted.map((column) => column.name));
  if (head.dataset.names !== names) {
    head.dataset.names = names;
    head.replaceChildren(...wanted.map((column, index) => heading(column, index, view)));
    rows.clear();
    find("tbody", box).replaceChildren();
  }
  [...head.cells].forEach((cell, index) => {
    cell.removeAttribute("aria-sort");
    if (index === order.column) {
      cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    }
  });
  for (const child of data.children) fillRow(child, data, wanted, view);
  arrange(find("tbody", box), data, wanted[order.column]);
}

function heading(column, index, view) {
  const button = html("button", { type: "button" }, column.name);
  button.addEventListener("click", () => {
    order.down = order.column === index && !order.down;
    order.column = index;
    view.refresh();
  });
  return html("th", { scope: "col", class: column.words ? "words" : "" }, button);
}

function fillRow(child, data, wanted, view) {
  const texts = cells(child, data);
  let row = rows.get(child.number);
  if (!row) {
    row = html("tr", { "data-child": child.number });
    texts.forEach((_, index) => {
      const cell = index ? html("td") : html("th", { scope: "row" });
      if (wanted[index].words) cell.className = "words";
      row.append(cell);
    });
    const button = html("button", { type: "button" }, texts[0]);
    row.cells[0].append(button, html("span", { class: "tag" }, "best"));
    row.addEventListener("click", () => view.choose(child.number));
    rows.set(child.number, row);
  }
  for (let index = 1; index < texts.length; index += 1) {
    const cell = row.cells[index];
    if (cell.textContent === texts[index]) continue;
    cell.textContent = texts[index];
    cell.title = texts[index];
  }
  if (child.message) row.cells[4].title = `${stateOf(child)}: ${child.message}`;
  row.classList.toggle("best", child.number === data.best);
  row.classList.toggle("chosen", child.number === view.chosen);
  find("button", row).setAttribute("aria-pressed", String(child.number === view.chosen));
}

// Rows in the order of a column; those without a value come last.
function arrange(body, data, column) {
  const key = column.rank ?? column.key;
  const sign = order.down ? -1 : 1;
  const sorted = data.children.map((child) => [key(child), child.number]);
  sorted.sort(([a, first], [b, second]) => {
    if (a === null || b === null) return (a === null) - (b === null) || first - second;
    const one = typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b));
    return sign * one || first - second;
  });
  const wanted = sorted.map(([, child]) => rows.get(child));
  if (wanted.length === body.rows.length && wanted.every((row, i) => row === body.rows[i])) return;
  const focused = document.activeElement;
  body.replaceChildren(...wanted);
  if (body.contains(focused)) focused.focus({ preventScroll: true });
}
