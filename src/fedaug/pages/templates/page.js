"use strict";
// What a page does beyond lying there. Everything that it says can be read without it.
(() => {
  const make = (name, parts = {}, text = "") => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(parts)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  const REACH = 28; // pixels from a mark at which the pointer still means it
  const tip = make("div", { class: "tip", "aria-hidden": "true" });
  const spoken = make("div", { class: "spoken", "aria-live": "polite" });
  tip.hidden = true;
  document.body.append(tip, spoken);

  // Plots: each mark's figures, under the pointer and by the arrow keys.
  const plot = (svg) => {
    const marks = [...svg.querySelectorAll(".mark")].map((element) => {
      const title = element.querySelector("title");
      const text = title.textContent;
      title.remove(); // the browser would show it a second time
      return { element, text };
    });
    if (!marks.length) return;
    const centre = ({ element }) => {
      const box = element.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    };
    let at = -1;
    const hide = () => {
      if (at >= 0) marks[at].element.classList.remove("on");
      at = -1;
      tip.hidden = true;
    };
    const show = (index, aloud) => {
      if (index === at) return;
      hide();
      at = index;
      const { element, text } = marks[at];
      const [x, y] = centre(marks[at]);
      element.classList.add("on");
      tip.textContent = text;
      if (aloud) spoken.textContent = text;
      tip.hidden = false;
      const room = document.documentElement.clientWidth;
      const left = Math.max(8, Math.min(room - tip.offsetWidth - 8, x - tip.offsetWidth / 2));
      const above = y - tip.offsetHeight - 12;
      tip.style.left = `${left + scrollX}px`;
      tip.style.top = `${(above < 4 ? y + 14 : above) + scrollY}px`;
    };
    const point = (event) => {
      let best = -1, least = REACH;
      marks.forEach((mark, index) => {
        const [x, y] = centre(mark);
        const far = Math.hypot(x - event.clientX, y - event.clientY);
        if (far < least) [best, least] = [index, far];
      });
      if (best < 0) hide();
      else show(best, false);
    };
    const order = () =>
      marks
        .map((mark, index) => [...centre(mark), index])
        .sort((a, b) => Math.round(a[0] - b[0]) || a[1] - b[1])
        .map((place) => place[2]);
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const places = order();
      const here = places.indexOf(at);
      let next;
      if (event.key === "Escape") hide();
      else if (event.key === "Home") next = 0;
      else if (event.key === "End") next = places.length - 1;
      else if (event.key in steps) next = here < 0 ? 0 : Math.max(0, Math.min(places.length - 1, here + steps[event.key]));
      if (next === undefined) return;
      event.preventDefault();
      show(places[next], true);
    });
    svg.setAttribute("tabindex", "0");
    if (document.querySelector(".hint")) return; // said once
    svg.after(make("p", { class: "hint" }, "In every plot: point at a mark for its figures, or focus the plot and use the arrow keys."));
  };

  // Tables: a press on a heading sorts by its column.
  const figure = (cell) => {
    const value = Number.parseFloat(cell.textContent.replaceAll("−", "-").replaceAll(",", ""));
    return Number.isNaN(value) ? -Infinity : value;
  };
  const sortable = (table) => {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = make("button", { type: "button", class: "sort" });
      button.append(...heading.childNodes);
      heading.append(button);
      const numeric = heading.classList.contains("num");
      button.addEventListener("click", () => {
        const falling = heading.getAttribute("aria-sort") === (numeric ? null : "ascending");
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        const sign = falling ? -1 : 1;
        heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const compare = numeric
          ? (a, b) => figure(a.cells[column]) - figure(b.cells[column])
          : (a, b) => a.cells[column].textContent.localeCompare(b.cells[column].textContent, "en", { numeric: true });
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
      });
    });
  };

  // The gallery: only the samples that hold what is typed.
  const searchable = (list) => {
    const items = [...list.children];
    if (items.length < 7) return;
    const box = make("div", { class: "find" });
    const label = make("label", { for: "find-sample" }, "Find in the gallery");
    const field = make("input", { id: "find-sample", type: "search", autocomplete: "off", spellcheck: "false" });
    const count = make("span", { role: "status" });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      const shown = items.filter((item) => !item.hidden).length;
      count.textContent = wanted ? `${shown} of ${items.length}` : "";
    });
    box.append(label, field, count);
    list.before(box);
  };

  document.querySelectorAll("svg.plot").forEach(plot);
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("ul.gallery").forEach(searchable);
})();
