"use strict";
(() => {
  const $ = id => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const kinds = new Map(data.types.map(type => [type.name, type.kind]));
  const KEYS = "123456789abcdefghijklmnopqrstuvwxyz";
  const keyOf = new Map(data.types.slice(0, KEYS.length).map((type, at) => [type.name, KEYS[at]]));
  const typeOf = new Map([...keyOf].map(([name, key]) => [key, name]));

  // Offsets: a saved file counts characters (code points), this script counts as JavaScript does (UTF-16 units).
  const toUnits = (text, at) => Array.from(text).slice(0, at).join("").length;
  const toCharacters = (text, at) => Array.from(text.slice(0, at)).length;

  const records = data.records.map(({ text, spans }) => ({
    text, done: false, past: [],
    spans: spans.map(span => ({ start: toUnits(text, span.start), end: toUnits(text, span.end), type: span.type })),
    words: [...text.matchAll(/[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu)].map(m => ({ start: m.index, end: m.index + m[0].length })),
  }));
  let current = 0, first = 0, last = 0, byKeys = false, unsaved = false;
  const record = () => records[current];

  // drawing

  function draw() {
    const { text, spans, words } = record(), box = $("text");
    const chosen = byKeys && words.length ? { start: words[Math.min(first, last)].start, end: words[Math.max(first, last)].end } : null;
    const cuts = new Set([0, text.length]);
    for (const span of chosen ? [...spans, chosen] : spans) { cuts.add(span.start); cuts.add(span.end); }
    const places = [...cuts].sort((a, b) => a - b);
    box.replaceChildren();
    let mark = null, owner = null;
    for (let at = 0; at + 1 < places.length; at++) {
      const start = places[at], end = places[at + 1];
      const span = spans.find(one => one.start <= start && end <= one.end) || null;
      if (span !== owner || !span) { mark = span ? box.appendChild(marked(span)) : null; owner = span; }
      let part = document.createTextNode(text.slice(start, end));
      if (chosen && chosen.start <= start && end <= chosen.end) {
        const cursor = document.createElement("span");
        cursor.className = "cursor";
        cursor.append(part);
        part = cursor;
      }
      (mark || box).append(part);
    }
    $("where").textContent = `${current + 1} of ${records.length}`;
    $("previous").disabled = current === 0;
    $("next").disabled = current === records.length - 1;
    const reviewed = records.filter(one => one.done).length;
    $("done-part").style.width = `${100 * reviewed / records.length}%`;
    $("progress").setAttribute("aria-valuemax", records.length);
    $("progress").setAttribute("aria-valuenow", reviewed);
    $("save").disabled = !reviewed;
    $("save").textContent = reviewed ? `Save ${reviewed} reviewed` : "Save";
    $("state").textContent = `${spans.length} marked, ${record().done ? "reviewed" : "not reviewed yet"}`;
    const cursor = box.querySelector(".cursor");
    if (cursor) cursor.scrollIntoView({ block: "nearest" });
  }

  function marked(span) {
    const mark = document.createElement("mark");
    mark.className = kinds.get(span.type) || "trait";
    mark.dataset.type = span.type;
    mark.title = span.type;
    return mark;
  }

  // changing

  function remember() {
    record().past.push(JSON.stringify(record().spans));
    unsaved = true;
  }
  function put(start, end, type) {
    const text = record().text;
    while (start < end && /\s/.test(text[start])) start++;
    while (start < end && /\s/.test(text[end - 1])) end--;
    if (!/[\p{L}\p{N}]/u.test(text.slice(start, end))) { say("Select a word first."); return; }
    remember();
    const rest = record().spans.filter(span => span.end <= start || end <= span.start);
    record().spans = [...rest, { start, end, type }].sort((a, b) => a.start - b.start);
    say(`Marked as ${type}.`);
    getSelection().removeAllRanges();
    draw();
  }
  function takeAway() {
    const where = selected();
    if (!where) return;
    const rest = record().spans.filter(span => span.end <= where.start || where.end <= span.start);
    if (rest.length === record().spans.length) { say("Nothing is marked here."); return; }
    remember();
    record().spans = rest;
    say("The mark is gone.");
    draw();
  }
  function takeBack() {
    const before = record().past.pop();
    if (before === undefined) return;
    record().spans = JSON.parse(before);
    draw();
  }

  // selecting: with the mouse, or word by word

  function offsetOf(node, at) {
    const range = document.createRange();
    range.selectNodeContents($("text"));
    range.setEnd(node, at);
    return range.toString().length;
  }
  function selected() {
    const selection = getSelection(), box = $("text");
    if (selection.rangeCount && !selection.isCollapsed && box.contains(selection.anchorNode) && box.contains(selection.focusNode)) {
      const range = selection.getRangeAt(0);
      return { start: offsetOf(range.startContainer, range.startOffset), end: offsetOf(range.endContainer, range.endOffset) };
    }
    const words = record().words;
    if (!byKeys || !words.length) return null;
    return { start: words[Math.min(first, last)].start, end: words[Math.max(first, last)].end };
  }
  function markAs(type) {
    const where = selected();
    if (where) put(where.start, where.end, type); else say("Select a word first.");
  }
  function move(by, extend) {
    const words = record().words;
    if (!words.length) return;
    if (byKeys) last = Math.min(Math.max(last + by, 0), words.length - 1);
    if (!extend || !byKeys) first = last;
    byKeys = true;
    getSelection().removeAllRanges();
    draw();
  }
  function moveLine(down, extend) {
    const { text, words } = record();
    if (!byKeys || !words.length) { move(0, false); return; }
    // A line as it is drawn: the nearest word whose box lies below or above.
    const box = place => {
      const range = document.createRange();
      const walker = document.createTreeWalker($("text"), NodeFilter.SHOW_TEXT);
      let seen = 0;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (place < seen + node.length) { range.setStart(node, place - seen); range.setEnd(node, place - seen + 1); return range.getBoundingClientRect(); }
        seen += node.length;
      }
      return null;
    };
    const here = box(words[last].start), step = down ? 1 : -1;
    let line = null, best = last, distance = Infinity;
    for (let at = last + step; at >= 0 && at < words.length; at += step) {
      const there = box(words[at].start);
      if (!there || Math.abs(there.top - here.top) < here.height / 2) continue;
      if (line === null) line = there.top;
      if (Math.abs(there.top - line) > here.height / 2) break;
      if (Math.abs(there.left - here.left) < distance) { distance = Math.abs(there.left - here.left); best = at; }
    }
    if (best !== last) move(best - last, extend);
  }

  // records

  function go(to) {
    if (to < 0 || to >= records.length) return;
    current = to; first = last = 0; byKeys = false;
    draw();
    $("text").scrollTop = 0;
  }
  function finish() {
    record().done = true;
    unsaved = true;
    const next = records.findIndex((one, at) => at > current && !one.done);
    if (next >= 0) go(next); else { draw(); say(records.every(one => one.done) ? "All records are reviewed: save them." : "The last one. Earlier ones are not reviewed yet."); }
  }
  function say(text) { $("message").textContent = text; }

  // files

  function lines() {
    return records.filter(one => one.done).map(({ text, spans }) => JSON.stringify({
      text,
      spans: spans.map(span => ({ start: toCharacters(text, span.start), end: toCharacters(text, span.end), type: span.type })),
    }) + "\n").join("");
  }
  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines()], { type: "application/x-ndjson" }));
    link.download = "labelled.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    unsaved = false;
    say("Saved what is reviewed, as labelled.jsonl.");
  }
  async function open() {
    const file = $("file").files[0];
    if (!file) return;
    let taken = 0;
    try {
      const byText = new Map(records.map(one => [one.text, one]));
      for (const line of (await file.text()).split("\n")) {
        if (!line.trim()) continue;
        const { text, spans } = JSON.parse(line);
        const own = byText.get(text);
        if (!own) continue;
        own.spans = spans.filter(span => kinds.has(span.type)).map(span => ({ start: toUnits(text, span.start), end: toUnits(text, span.end), type: span.type }));
        own.done = true;
        taken++;
      }
      say(`${taken} records taken from the file.`);
    } catch { say("That file is none that this page has saved."); }
    $("file").value = "";
    draw();
  }

  // types

  for (const type of data.types) {
    const item = document.createElement("li"), button = document.createElement("button");
    const dot = document.createElement("span"), name = document.createElement("span");
    button.type = "button";
    button.className = type.kind;
    button.dataset.type = type.name;
    dot.className = "dot";
    name.textContent = type.name;
    button.append(dot, name);
    if (keyOf.has(type.name)) {
      const key = document.createElement("kbd");
      key.textContent = keyOf.get(type.name);
      button.append(key);
    }
    button.addEventListener("mousedown", event => event.preventDefault());  // keeps the selection
    button.addEventListener("click", () => markAs(type.name));
    item.append(button);
    $("types").append(item);
  }
  $("filter").addEventListener("input", () => {
    const wanted = $("filter").value.trim().toUpperCase().replaceAll(" ", "_");
    for (const item of $("types").children) item.hidden = !item.firstChild.dataset.type.includes(wanted);
  });
  $("filter").addEventListener("keydown", event => {
    if (event.key === "Escape") { $("filter").value = ""; $("filter").dispatchEvent(new Event("input")); $("text").focus(); }
    if (event.key !== "Enter") return;
    const shown = [...$("types").children].find(item => !item.hidden);
    if (shown) { markAs(shown.firstChild.dataset.type); $("filter").value = ""; $("filter").dispatchEvent(new Event("input")); $("text").focus(); }
  });

  $("previous").addEventListener("click", () => go(current - 1));
  $("next").addEventListener("click", () => go(current + 1));
  $("done").addEventListener("click", finish);
  $("save").addEventListener("click", save);
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", open);
  $("text").addEventListener("mousedown", () => { if (byKeys) { byKeys = false; draw(); } });
  addEventListener("beforeunload", event => { if (unsaved) event.preventDefault(); });
  addEventListener("keydown", event => {
    if (event.target === $("filter")) return;
    const key = event.key;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") { event.preventDefault(); takeBack(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => move(-1, event.shiftKey), ArrowRight: () => move(1, event.shiftKey),
      ArrowUp: () => moveLine(false, event.shiftKey), ArrowDown: () => moveLine(true, event.shiftKey),
      Delete: takeAway, Backspace: takeAway, "[": () => go(current - 1), "]": () => go(current + 1),
      "/": () => $("filter").focus(),
    };
    const onButton = event.target instanceof HTMLButtonElement || event.target.tagName === "SUMMARY";
    const act = acts[key] || (key === "Enter" && !onButton ? finish : typeOf.has(key) ? () => markAs(typeOf.get(key)) : null);
    if (!act) return;
    event.preventDefault();
    act();
  });

  $("prefilled").hidden = !data.prefilled;
  draw();
  $("text").focus({ preventScroll: true });
})();
