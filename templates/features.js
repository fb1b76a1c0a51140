"use strict";
// Sorts and filters what is there already; without it the page is a plain list.
(() => {
  const list = document.getElementById("features");
  const rows = [...list.children];
  const [query, sort, labelled, undetecting, count] = ["query", "sort", "labelled", "undetecting", "count"]
    .map((id) => document.getElementById(id));
  const texts = new Map();
  const plain = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
  // What is searched, the best first: what it is called, what it fires on, the code around that.
  const textsOf = (row) => {
    if (!texts.has(row)) {
      texts.set(row, [".name, .label", "mark", ".fires code"].map((kind) =>
        plain([...row.querySelectorAll(kind)].map((part) => part.textContent).join("\n"))));
    }
    return texts.get(row);
  };
  const ranks = new Map();

  const filter = () => {
    const wanted = plain(query.value);
    let shown = 0;
    for (const row of rows) {
      const rank = wanted === "" ? 0 : textsOf(row).findIndex((text) => text.includes(wanted));
      ranks.set(row, rank);
      const hidden = (labelled.checked && !("labelled" in row.dataset))
        || (undetecting.checked && "detects" in row.dataset)
        || rank < 0;
      if (row.hidden !== hidden) row.hidden = hidden;
      shown += hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} features`;
  };

  const order = () => {
    const key = sort.value;
    const upwards = key === "place" ? 1 : -1;
    const sorted = [...rows].sort((a, b) => ranks.get(a) - ranks.get(b)
      || upwards * (a.dataset[key] - b.dataset[key])
      || a.dataset.place - b.dataset.place);
    list.replaceChildren(...sorted);
  };

  const openTarget = () => {
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {
      // A stray % is no row's name.
    }
    const row = document.getElementById(name);
    if (row && row.parentElement === list) {
      row.hidden = false;
      row.open = true;
      row.scrollIntoView();
    }
  };

  let waiting = 0;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { filter(); order(); }, 80);
  });
  for (const box of [labelled, undetecting]) box.addEventListener("change", filter);
  sort.addEventListener("change", order);
  const form = document.getElementById("controls");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
  addEventListener("hashchange", openTarget);
  openTarget();
})();
