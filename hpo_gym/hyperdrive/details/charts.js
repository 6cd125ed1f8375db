// What both charts share: lines of children, and the child under the pointer.
const HEIGHT = 340;

function points(places) {
  let text = "";
  let pen = "M";
  for (const place of places) {
    if (place === null) {
      pen = "M";
    } else {
      text += `${pen}${place[0].toFixed(1)},${place[1].toFixed(1)}`;
      pen = "L";
    }
  }
  return text;
}

// How a child is drawn; the last place has the mark of its state.
function childPath(child, places) {
  const group = svg("g", { "data-child": child.number, class: child.status });
  group.append(svg("path", { class: `child ${child.status}`, d: points(places) }));
  const last = places.findLast((place) => place !== null);
  if (last) {
    group.append(svg("path", {
      class: `end ${child.status}`, d: mark(child.status),
      transform: `translate(${last[0].toFixed(1)},${last[1].toFixed(1)})`,
    }));
  }
  return group;
}

// Fewer children are drawn with more ink each.
function setInk(canvas, count) {
  canvas.style.setProperty("--weight", count > 200 ? "1px" : "1.6px");
  canvas.style.setProperty("--opacity", count > 200 ? ".2" : count > 40 ? ".55" : ".9");
}

// Puts a canvas with children into its place; `nearest` gives the child at a pixel and what is
// said of it.
function place(figure, canvas, groups, nearest, view) {
  const box = find(".plot", figure);
  const front = svg("g", { class: "front" });
  canvas.append(front);
  const tip = html("div", { class: "tip", "aria-hidden": "true", hidden: "" });
  box.replaceChildren(canvas, tip);
  const raise = (...children) => {
    front.replaceChildren();
    for (const child of new Set(children)) {
      const group = groups.get(child);
      if (!group) continue;
      const copy = group.cloneNode(true);
      copy.firstChild.removeAttribute("style"); // its rank is no matter here
      const halo = copy.firstChild.cloneNode();
      halo.classList.add("halo");
      copy.prepend(halo);
      copy.removeAttribute("data-child");
      front.append(copy);
    }
  };
  raise(view.chosen);
  canvas.addEventListener("pointermove", (event) => {
    const inside = canvas.getBoundingClientRect();
    const hit = nearest(event.clientX - inside.left, event.clientY - inside.top);
    tip.hidden = !hit;
    canvas.style.cursor = hit ? "pointer" : "";
    raise(view.chosen, hit?.child);
    if (!hit) return;
    tip.textContent = hit.text;
    const room = box.scrollLeft + box.clientWidth;
    const right = hit.x + 14 + tip.offsetWidth <= room;
    tip.style.left = `${Math.max(0, right ? hit.x + 14 : hit.x - 14 - tip.offsetWidth)}px`;
    tip.style.top = `${Math.max(0, Math.min(hit.y - 12, HEIGHT - tip.offsetHeight))}px`;
  });
  canvas.addEventListener("pointerleave", () => {
    tip.hidden = true;
    raise(view.chosen);
  });
  canvas.addEventListener("click", (event) => {
    const inside = canvas.getBoundingClientRect();
    const hit = nearest(event.clientX - inside.left, event.clientY - inside.top);
    if (hit) view.choose(hit.child);
  });
  return { raise };
}
