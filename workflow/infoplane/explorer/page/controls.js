"use strict";
// Controls, playback, keys, and the CSV.

const last = () => clock().length - 1;
let timer = null;

function options(id, choices) {
  const select = element(id);
  select.replaceChildren(...choices.map(({ value, text }) => new Option(text, value)));
  select.closest("label").hidden = choices.length < 2;
  select.value = chosen[id];
  select.addEventListener("change", () => { chosen[id] = select.value; settle(id); });
}

const distinct = (key) => [...new Set(content.planes.map((plane) => plane[key]))].map((value) => ({ value, text: value }));

// Keep to planes that were measured: what has just been changed stays, the rest follows; so does the epoch.
function settle(changed) {
  const epoch = shownEpoch;
  if (content.planes.length && !planeOf(chosen.kind)) {
    const keys = ["kind", "estimator", "split"].filter((key) => key !== changed);
    const fits = content.planes.filter((plane) => plane[changed] === chosen[changed]);
    const nearest = fits.toSorted((one, other) => shared(other, keys) - shared(one, keys))[0];
    for (const key of keys) element(key).value = chosen[key] = nearest[key];
  }
  chosen.index = Math.max(latest(clock(), epoch), 0);
  redraw();
}

const shared = (plane, keys) => keys.filter((key) => plane[key] === chosen[key]).length;

// Everything, after a choice.
function redraw() {
  element("time").max = last();
  element("of-plane").hidden = !content.planes.length;
  element("of-training").hidden = !content.training;
  element("of-verdicts").hidden = !content.verdicts.length;
  if (content.training) drawTraining();
  if (content.planes.length) drawPlane();
  drawVerdicts();
  element("foot").textContent = (planeOf(chosen.kind)?.foot ?? []).join(" · ");
  tellSeeds();
  show(chosen.index);
}

let shownEpoch = 0;

// An epoch: only what moves is drawn again.
function show(index) {
  chosen.index = Math.min(Math.max(index, 0), last());
  shownEpoch = now();
  const text = planeOf(chosen.kind)?.times[chosen.index] ?? `epoch ${Number(digits(now()))}`;
  Object.assign(element("time"), { value: chosen.index, ariaValueText: text });
  element("now").textContent = text;
  if (content.planes.length) {
    if (chosen.side === "both") drawPlane();
    else Plotly.relayout(element("plane"), { shapes: [cursor()] });
    drawChain();
  }
  if (content.training) {
    Plotly.relayout(element("training"), { shapes: trainingShapes() });
    tellTraining();
  }
}

function run(on) {
  clearInterval(timer);
  const pause = Math.min(Math.max(10000 / clock().length, 40), 1000) / element("speed").value;
  timer = on ? setInterval(() => (chosen.index < last() ? show(chosen.index + 1) : run(false)), pause) : null;
  element("play").textContent = on ? "❚❚ Pause" : "▶ Play";
  element("now").setAttribute("aria-live", on ? "off" : "polite");
}

function toggle() {
  if (timer === null && chosen.index === last()) show(0);
  run(timer === null);
}

function box(parent, text, set, value) {
  const label = parent.appendChild(document.createElement("label"));
  const input = label.appendChild(Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value }));
  label.append(` ${text}`);
  input.addEventListener("change", () => { set[input.checked ? "add" : "delete"](value); redraw(); });
  return input;
}

function drawLayers() {
  const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const { name, colour, shape } of content.layers) {
    const [swatch, path] = [svg("svg"), svg("path")];
    swatch.setAttribute("class", "swatch");
    swatch.setAttribute("viewBox", "-0.6 -0.6 1.2 1.2");
    swatch.setAttribute("aria-hidden", "true");
    path.setAttribute("d", shape);
    path.setAttribute("fill", colour);
    swatch.append(path);
    box(element("layers"), name, chosen.layers, name).after(" ", swatch);
  }
}

function drawSeeds() {
  const boxes = seeds().map((seed) => box(document.querySelector("#seeds .boxes"), seed, chosen.seeds, seed));
  for (const id of ["all", "none"]) {
    element(id).addEventListener("click", () => {
      for (const each of boxes) {
        each.checked = id === "all";
        chosen.seeds[each.checked ? "add" : "delete"](Number(each.value));
      }
      redraw();
    });
  }
  element("seeds").hidden = boxes.length < 2;
}

function tellSeeds() {
  document.querySelector("#seeds summary").textContent = `Seeds: ${chosen.seeds.size} of ${seeds().length}`;
}

// A row for every number that is drawn.
function csv() {
  const measured = (panel) => (panel === "training" ? {} : { estimator: chosen.estimator, split: chosen.split });
  const columns = ["panel", "series", "variant", "estimator", "split", "layer", "seed", "epoch", "quantity", "value"];
  const cells = Object.entries(drawn).flatMap(([panel, { rows, quantities }]) => rows.flatMap((row) =>
    (row.name ? ["y"] : Object.keys(quantities)).map((key) => ({ ...measured(panel), ...row, panel, variant: chosen.variant,
      quantity: quantities[row.name ?? key], value: row[key] }))));
  const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return [columns, ...cells.map((cell) => columns.map((column) => quoted(String(cell[column] ?? ""))))]
    .map((line) => `${line.join(",")}\n`).join("");
}

options("variant", content.variants.map(({ name, title }) => ({ value: name, text: title })));
options("estimator", distinct("estimator"));
options("split", distinct("split"));
options("kind", [...new Map(content.planes.map(({ kind, title }) => [kind, { value: kind, text: title }])).values()]);
element("side").closest("label").hidden = !content.planes.length;
element("side").addEventListener("change", (event) => { chosen.side = event.target.value; redraw(); });
drawLayers();
drawSeeds();
element("play").addEventListener("click", toggle);
element("time").addEventListener("input", (event) => { run(false); show(Number(event.target.value)); });
element("speed").addEventListener("change", () => run(timer !== null));
element("csv").addEventListener("click", (event) => {
  event.target.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
});
document.addEventListener("keydown", (event) => {
  const wanted = { ArrowLeft: chosen.index - 1, ArrowRight: chosen.index + 1, Home: 0, End: last() };
  const own = event.key === " " ? ["BUTTON", "SELECT", "INPUT", "SUMMARY"] : ["SELECT"]; // the key is theirs
  const taken = own.includes(event.target.tagName) && event.target !== element("time");
  if (taken || event.ctrlKey || event.altKey || event.metaKey || !(event.key === " " || event.key in wanted)) return;
  event.preventDefault();
  if (event.key === " ") toggle();
  else { run(false); show(wanted[event.key]); }
});
redraw();
