"use strict";
// Tabs, the shared legend, the figures' controls, and sortable tables.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const panels = [...document.querySelectorAll(".panel")];
  const chips = [...document.querySelectorAll("[data-agent]")];
  const main = new Set(chips.filter(isPressed).map((chip) => chip.dataset.agent));
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const config = {
    responsive: true,
    displayModeBar: !touch,
    displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "sendChartToCloud"],
    plotlyServerURL: "",
  };

  function isPressed(button) {
    return button.getAttribute("aria-pressed") === "true";
  }

  function shownAgents() {
    return new Set(chips.filter(isPressed).map((chip) => chip.dataset.agent));
  }

  // Figures. A figure with a legend of its own, the example, shows its agents always.
  function draw(figure) {
    const { controls, variants } = figures[figure.id];
    const names = Object.keys(controls);
    const key = names.map((name) => figure.querySelector(`[data-control="${name}"] :checked`).value);
    const { data, layout } = variants[key.join("|")];
    const shown = shownAgents();
    const always = layout.showlegend;
    const traces = data.map((trace) => ({
      ...trace,
      visible: always || !trace.legendgroup || shown.has(trace.legendgroup),
    }));
    // A finger that drags scrolls the page.
    const more = touch ? { ...layout, dragmode: false } : layout;
    const plot = figure.querySelector(".plot");
    plot.dataset.drawn = "true";
    return Plotly.react(plot, traces, structuredClone(more), config);
  }

  function addControls(figure) {
    for (const [name, options] of Object.entries(figures[figure.id].controls)) {
      const set = document.createElement("fieldset");
      set.dataset.control = name;
      const title = document.createElement("legend");
      title.textContent = name;
      set.append(title);
      options.forEach((option, place) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        Object.assign(input, {
          type: "radio", name: `${figure.id} ${name}`, value: option, checked: place === 0,
        });
        input.addEventListener("change", () => draw(figure));
        label.append(input, option);
        set.append(label);
      });
      set.hidden = options.length < 2;
      figure.querySelector(".controls").append(set);
    }
  }

  function drawPanel(panel, again) {
    for (const figure of panel.querySelectorAll("figure")) {
      if (again || !figure.querySelector(".plot").dataset.drawn) draw(figure);
    }
  }

  // Tabs: the panel of the address, or the panel in which its target stands.
  function showPanel() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const chosen = target?.closest(".panel") ?? panels[0];
    for (const panel of panels) {
      const tab = document.getElementById(`tab-${panel.id}`);
      panel.classList.toggle("shown", panel === chosen);
      tab.setAttribute("aria-selected", String(panel === chosen));
      tab.tabIndex = panel === chosen ? 0 : -1;
    }
    drawPanel(chosen, true);
  }

  const list = document.querySelector("[role=tablist]");
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    event.preventDefault();
    history.pushState(null, "", tab.getAttribute("href"));
    showPanel();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...list.children];
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
  window.addEventListener("popstate", showPanel);
  window.addEventListener("hashchange", showPanel);

  // The legend.
  function show(agents) {
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(agents.has(chip.dataset.agent)));
    }
    drawPanel(document.querySelector(".panel.shown"), true);
  }

  for (const chip of chips) {
    chip.addEventListener("click", (event) => {
      const agent = chip.dataset.agent;
      const shown = shownAgents();
      if (event.ctrlKey || event.metaKey || event.shiftKey) {
        if (!shown.delete(agent)) shown.add(agent);
        show(shown);
      } else {
        show(shown.size === 1 && shown.has(agent) ? main : new Set([agent]));
      }
    });
  }
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      const wanted = button.dataset.show;
      const some = chips.filter((chip) => wanted === "all" || chip.dataset.group === wanted);
      show(wanted === "main" ? main : new Set(some.map((chip) => chip.dataset.agent)));
    });
  }

  // Tables: a click on a heading sorts by the number that each cell begins with.
  function sortKey(cell) {
    const text = cell.textContent.replaceAll(",", "");
    const number = /[-+]?(\d+\.?\d*|\.\d+)/.exec(text);
    return number ? Number(number[0]) : Infinity;
  }

  function sort(table, column, heading) {
    const down = heading.getAttribute("aria-sort") === "ascending";
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const [left, right] = [a.cells[column], b.cells[column]];
      if (column === 0) return left.textContent.localeCompare(right.textContent);
      const [first, second] = [sortKey(left), sortKey(right)];
      return first === second ? 0 : first - second;
    });
    if (down) rows.reverse();
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }

  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, column, heading));
      heading.append(button);
    });
  }

  // Paper is narrower than most windows, and shows all panels.
  window.addEventListener("beforeprint", () => {
    document.querySelector(".facts").open = true;
    for (const panel of panels) {
      panel.style.display = "block";
      drawPanel(panel, false);
    }
    for (const plot of document.querySelectorAll(".plot")) {
      Plotly.relayout(plot, { autosize: false, width: 680 });
    }
  });
  window.addEventListener("afterprint", () => {
    for (const panel of panels) panel.style.display = "";
    for (const plot of document.querySelectorAll(".plot")) {
      Plotly.relayout(plot, { autosize: true, width: null });
    }
    showPanel();
  });

  document.documentElement.classList.add("js");
  document.querySelectorAll("figure").forEach(addControls);
  showPanel();
})();
