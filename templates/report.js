// Filters, keys and the theme. The page works without them. It never makes HTML of text: it hides rows,
// moves the focus, and copies existing nodes.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const root = document.documentElement;
  const form = byId("filters");
  const fields = { risk: byId("f-risk"), author: byId("f-author"), file: byId("f-file"), text: byId("f-text") };
  const shown = byId("shown");

  const files = all("section.file").map((section, place) => ({ section, number: String(place + 1), pieces: all(".piece", section), folds: all("details.closed, details.plain", section) }));
  const rows = [];
  const gaps = all("tr.gap");
  for (const file of files)
    for (const piece of file.pieces)
      for (const row of piece.querySelectorAll("tr[data-a]"))
        rows.push({
          row, piece, file, hidden: false,
          author: row.dataset.a,
          // What is unknown passes every threshold; what was skipped passes none.
          risk: row.dataset.p ? (row.dataset.p === "?" ? Infinity : +row.dataset.p) : row.className === "skipped" ? -1 : Infinity,
          place: +(row.dataset.f || 0),
          first: row.querySelector(".rank") !== null,
        });
  const firsts = rows.filter((one) => one.first).sort((a, b) => a.place - b.place);
  const findings = +form.dataset.findings;
  const counted = findings ? firsts.filter((one) => one.place <= findings) : firsts;
  const codeOf = (one) => (one.text ??= one.row.querySelector("code").textContent.toLowerCase());
  const summaryOf = (row) => row.querySelector("summary");

  function filter() {
    const [risk, author, file, text] = [fields.risk.value, fields.author.value, fields.file.value, fields.text.value.toLowerCase()];
    const least = risk && risk !== "first" ? +risk : -Infinity;
    const active = Boolean(risk || author || file || text);
    const open = { pieces: new Set(), files: new Set() };
    let count = 0;
    for (const one of rows) {
      const passes =
        one.risk >= least && (risk !== "first" || (one.place > 0 && one.place <= (findings || Infinity)) || one.risk === Infinity) &&
        (!author || one.author === author) && (!file || one.file.number === file) && (!text || codeOf(one).includes(text));
      if (passes) { count += 1; open.pieces.add(one.piece); open.files.add(one.file); }
      if (one.hidden === passes) one.row.hidden = one.hidden = !passes;
    }
    for (const gap of gaps) gap.hidden = active;
    for (const one of files) {
      one.section.hidden = active && !open.files.has(one);
      for (const piece of one.pieces) piece.hidden = active && !open.pieces.has(piece);
      if (active) for (const fold of one.folds) fold.open = true;
    }
    const lost = counted.filter((one) => one.hidden).length;
    shown.textContent = active
      ? `${count} of ${rows.length} lines shown` + (lost ? `; ${lost} of ${counted.length} ${findings ? "findings" : "places to look at"} hidden` : "")
      : `${rows.length} lines`;
    shown.classList.toggle("hides", lost > 0);
    byId("f-none").hidden = !active;
    byId("empty").hidden = !active || count > 0;
  }

  function clear() {
    for (const field of Object.values(fields)) field.value = "";
    filter();
  }

  // The examples of a feature stand once in the page; a line that is opened gets a copy of them.
  function fill(details) {
    for (const link of all("a.more", details)) {
      const known = byId(`k${link.dataset.k}`)?.querySelector(".known");
      if (!known) continue;
      const box = document.createElement("details");
      const summary = document.createElement("summary");
      summary.textContent = link.textContent;
      box.append(summary, known.cloneNode(true));
      link.parentNode.replaceWith(box);
    }
    const first = details.querySelector(".why details");
    if (first) first.open = true;
  }

  function go(row, open) {
    if (row.hidden) clear();
    for (const fold of files.flatMap((file) => file.folds)) if (fold.contains(row)) fold.open = true;
    const summary = summaryOf(row);
    if (open) summary.parentNode.open = true;
    row.scrollIntoView({ block: "center" });
    summary.focus({ preventScroll: true });
  }

  function step(by) {
    const there = firsts.filter((one) => !one.hidden);
    if (!there.length) return;
    const row = document.activeElement.closest?.("tr[data-f]");
    const now = there.findIndex((one) => row && one.place === +row.dataset.f);
    const next = now < 0 ? (by > 0 ? 0 : there.length - 1) : (now + by + there.length) % there.length;
    go(there[next].row, false);
  }

  function beside(row, by) {
    const start = rows.findIndex((one) => one.row === row);
    for (let at = start + by; at >= 0 && at < rows.length; at += by) {
      const summary = rows[at].hidden || rows[at].row.closest("details:not([open])") ? null : summaryOf(rows[at].row);
      if (summary) {
        summary.focus({ preventScroll: true });
        rows[at].row.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  }

  const THEMES = { "": "system", dark: "dark", light: "light" };
  function theme() {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(root.dataset.theme || "") + 1) % names.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    byId("theme").textContent = `Theme: ${THEMES[next]}`;
  }

  const help = () => byId("help").showModal();
  const KEYS = { n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1), "/": () => fields.text.focus(), "?": help, t: theme, x: clear };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const inField = event.target.matches("input, select");
    const inMenu = event.target.matches("select"); // letters choose in it; no choice begins with these
    if (event.key === "Escape") {
      if (inField) { event.target.blur(); return; }
      const open = event.target.closest("tr")?.querySelector("details[open]");
      if (open) { open.open = false; open.firstElementChild.focus(); }
      return;
    }
    if (inField && !(inMenu && "x/?".includes(event.key))) return;
    const row = event.target.closest("tr[data-a]");
    if (row && event.target === summaryOf(row) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      beside(row, event.key === "ArrowDown" ? 1 : -1);
    } else if (byId("keys").checked && Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  }

  function onClick(event) {
    const link = event.target.closest("a[data-row]");
    if (!link) return;
    const row = byId(`x${link.dataset.row}`);
    if (!row) return;
    event.preventDefault();
    go(row, Boolean(link.dataset.open));
  }

  // Tab visits the places to look at; the arrow keys reach the lines between them.
  for (const one of rows) if (!one.first) summaryOf(one.row)?.setAttribute("tabindex", "-1");
  form.hidden = false;
  document.querySelector(".tools").hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("change", filter); // a menu that a program sets may say only this
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("f-none").addEventListener("click", clear);
  byId("theme").addEventListener("click", theme);
  byId("help-open").addEventListener("click", help);
  byId("help-close").addEventListener("click", () => byId("help").close());
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("toggle", (event) => { if (event.target.open && event.target.closest(".c")) fill(event.target); }, true);
  window.addEventListener("beforeprint", () => { for (const one of rows) if (one.place) { const box = one.row.querySelector("details"); if (box) box.open = true; } });
  filter();
})();
