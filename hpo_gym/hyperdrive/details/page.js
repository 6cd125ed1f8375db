// The page: what it shows, what is chosen in it, and how it asks for news.
// Milliseconds between an answer and the next question: at least so many, and so many times those
// that the answer took, so that looking at a large run does not slow it down.
const [EVERY, TIMES] = [1000, 10];
let data = JSON.parse(find("#data").textContent);
const { live, logs } = data;
let charts = [];
const view = { chosen: null, hidden: new Set(), log: false, choose, refresh };
const which = find("#which");

let drawn = "";

function refresh() {
  showHeader();
  showLegend();
  const points = JSON.stringify(data.children.map((child) => [child.status, child.intervals]));
  if (points !== drawn) drawCharts();
  drawn = points;
  fillTable(find("#children"), data, view);
  fillWhich();
}

function drawCharts() {
  const positive = data.children.every((child) => child.y.every((y) => y === null || y > 0));
  find("#logarithmic input").disabled = !positive;
  view.log = positive && find("#logarithmic input").checked;
  charts = [
    drawLines(find("#lines"), data, view), drawParallel(find("#parallel"), data, view),
  ];
}

function choose(child) {
  view.chosen = child === view.chosen ? null : child;
  for (const chart of charts) chart.raise(view.chosen);
  for (const [number, row] of rows) {
    row.classList.toggle("chosen", number === view.chosen);
    find("button", row).setAttribute("aria-pressed", String(number === view.chosen));
  }
  which.value = view.chosen === null ? "run" : String(view.chosen);
  showLog();
}

// The header.
function showHeader() {
  find("#experiment").textContent = data.experiment;
  find("#name").textContent = data.id;
  find("#status").textContent = data.status;
  find("#mark").setAttribute("d", mark(data.status));
  find("#mark").setAttribute("class", `end ${data.status}`);
  const ended = data.children.filter((child) => child.ended !== null).length;
  find("#bar").max = Math.max(1, data.total);
  find("#bar").value = ended;
  find("#counts").textContent = [`${ended} of ${data.total} children have ended`, ...counts()]
    .join("; ");
  const best = data.children.find((child) => child.number === data.best);
  const clock = Math.max(0, ...data.children.map((child) => child.ended ?? 0));
  const facts = {
    "primary metric": `${data.metric}, ${data.goal}`,
    best: best ? `${number(best.best, 8)} (run ${best.number})` : "none yet",
    started: moment(data.started),
    duration: duration((data.ended ?? data.now) - data.started),
    ...(data.virtual ? { "virtual clock": `${number(clock)} s` } : {}),
    ...data.properties,
  };
  fillList(find("#properties"), Object.entries(facts));
  fillList(find("#space"), data.space);
}

function counts() {
  const policy = data.children.filter((child) => child.terminated).length;
  return [...tally()].map(([status, many]) => (
    `${many} ${status.toLowerCase()}${status === "Canceled" && policy ? ` (${policy} by the policy)` : ""}`
  ));
}

function tally() {
  const found = new Map();
  for (const child of data.children) found.set(child.status, (found.get(child.status) ?? 0) + 1);
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)));
}

function fillList(list, entries) {
  const texts = entries.flat();
  if (texts.length !== list.children.length) {
    list.replaceChildren(...texts.map((_, index) => html(index % 2 ? "dd" : "dt")));
  }
  texts.forEach((text, index) => {
    if (list.children[index].textContent !== text) list.children[index].textContent = text;
  });
}

// The legend, whose buttons show and hide the children of a state.
function showLegend() {
  const legend = find("#legend");
  const states = [...tally()];
  for (const button of [...legend.children]) {
    if (!states.some(([status]) => status === button.dataset.status)) button.remove();
  }
  for (const [status, many] of states) {
    let button = find(`[data-status="${status}"]`, legend);
    if (!button) {
      button = html("button", { type: "button", "data-status": status, "aria-pressed": "true" });
      const line = svg("path", { class: `child ${status}`, d: "M2,7H34" });
      const end = svg("path", { class: `end ${status}`, d: mark(status), transform: "translate(36,7)" });
      const sample = svg("svg", { width: 44, height: 14, "aria-hidden": "true" }, line, end);
      setInk(sample, 0);
      button.append(sample, html("span"));
      button.addEventListener("click", () => {
        if (!view.hidden.delete(status)) view.hidden.add(status);
        button.setAttribute("aria-pressed", String(!view.hidden.has(status)));
        drawCharts();
      });
      legend.append(button);
    }
    find("span", button).textContent = `${status} (${many})`;
  }
}

// Logs.
function fillWhich() {
  const names = ["the run", ...data.children.map((child) => `run ${child.number}: ${stateOf(child)}`)];
  which.length = names.length;
  names.forEach((name, index) => {
    const value = index ? String(data.children[index - 1].number) : "run";
    const option = which.options[index];
    if (option.value !== value) option.value = value;
    if (option.textContent !== name) option.textContent = name;
  });
}

async function showLog() {
  const of = which.value;
  let log = logs?.[of];
  try {
    if (live) log = await answer(`log.json?of=${of}`);
  } catch (problem) {
    log = { text: "", size: null, shown: 0, problem: problem.message };
  }
  if (of !== which.value) return; // another was chosen meanwhile
  const box = find("#log");
  const atEnd = box.dataset.of !== of || box.scrollTop + box.clientHeight > box.scrollHeight - 8;
  box.dataset.of = of;
  if (box.textContent !== log.text) box.textContent = log.text;
  if (atEnd) box.scrollTop = box.scrollHeight;
  find("#about").textContent = aboutLog(of, log);
  find("#before").disabled = which.selectedIndex === 0;
  find("#after").disabled = which.selectedIndex === which.options.length - 1;
}

function aboutLog(of, log) {
  const child = data.children.find((each) => String(each.number) === of);
  const ending = child?.message ? ` ${child.status}: ${child.message}.` : "";
  if (log.problem) return `The log cannot be had: ${log.problem}.${ending}`;
  if (log.size === 0) return `Nothing was printed.${ending}`;
  const part = log.shown < log.size ? `The last ${bytes(log.shown)} of ${bytes(log.size)}` : bytes(log.size);
  return `${part}.${ending}`;
}

function turn(step) {
  which.selectedIndex += step;
  which.dispatchEvent(new Event("change"));
}

// News.
async function answer(address) {
  const response = await fetch(address, { cache: "no-store" });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.json();
}

async function ask() {
  const news = find("#news");
  const asked = performance.now();
  let took = 0;
  try {
    data = await answer("data.json");
    took = performance.now() - asked;
    news.hidden = true;
    refresh();
    await showLog();
  } catch (problem) {
    news.textContent = `No news since ${moment(data.now)} (${problem.message}): the process that `
      + "serves this page may have ended. What follows is the last that is known.";
    news.hidden = false;
  }
  if (!data.terminal) setTimeout(ask, Math.max(EVERY, TIMES * took));
}

which.addEventListener("change", () => {
  const child = which.value === "run" ? view.chosen : Number(which.value);
  if (child !== null) choose(child);
  else showLog();
});
find("#before").addEventListener("click", () => turn(-1));
find("#after").addEventListener("click", () => turn(1));
find("#logarithmic input").addEventListener("change", drawCharts);
let width = innerWidth;
addEventListener("resize", () => {
  if (width !== innerWidth) drawCharts();
  width = innerWidth;
});
refresh();
showLog();
if (live && !data.terminal) setTimeout(ask, EVERY);
