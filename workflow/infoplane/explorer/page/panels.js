"use strict";
// The panels. Each keeps in `drawn` the rows that it shows, which the CSV lists.

const drawn = {};
const looks = content.looks;
const layerLook = Object.fromEntries(content.layers.map((layer) => [layer.name, layer]));
const element = (id) => document.getElementById(id);
const digits = (value) => Number(value).toPrecision(4);

const FONT = { family: "system-ui, sans-serif", size: 12, color: looks.ink };
const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };
const axis = (title, more) => ({ title: { standoff: 6, ...(title.text ? title : { text: title }) }, zeroline: false, showline: true, ticks: "outside",
  ticklen: 3, gridcolor: "#eeeeee", linecolor: looks.grey, ...more });
const overEpochs = (more) => axis("Epoch", { type: "log", tickvals: content.scale.at, ticktext: content.scale.labels,
  range: [content.scale.ends[0] - 0.05, content.scale.ends[1] + 0.05], ...more });
const layout = (more) => ({ font: FONT, margin: { l: 52, r: 16, t: 44, b: 42 }, hovermode: "closest", showlegend: false,
  hoverlabel: { align: "left" }, ...more });
const across = { type: "line", layer: "between", xref: "paper", x0: 0, x1: 1 };
const cursor = () => ({ type: "line", xref: "x", yref: "paper", x0: position(now()), x1: position(now()), y0: 0, y1: 1,
  line: { color: looks.muted, width: 1.5 } });

function draw(id, traces, shape, config = {}) {
  return Plotly.react(element(id), traces, layout(shape), { ...CONFIG, ...config });
}

const LETTER = 7.5; // width of one on an axis, pixels
const short = (label) => label.replace(" [bits]", "");
const DASHES = { solid: "━━", dash: "╍╍", dot: "┅┅" };

// A title with its lines in their colours.
function key(id, title, entries) {
  element(id).replaceChildren(title, ...entries.map(({ text, colour, dash }) => {
    const entry = Object.assign(document.createElement("span"), { className: "entry", textContent: `${DASHES[dash]} ${text}` });
    entry.style.color = colour;
    return entry;
  }));
}

// Rows as one line for each key, with gaps between them.
function lines(rows, key, x) {
  const found = { x: [], y: [], text: [] };
  for (const group of Map.groupBy(rows, key).values()) {
    for (const row of group) { found.x.push(x(row)); found.y.push(row.y); found.text.push(words(row)); }
    found.x.push(null); found.y.push(null); found.text.push("");
  }
  return found;
}

function words({ series, layer, seed, split, epoch }) {
  const control = ["seed", "mean", "way of the mean"].includes(series) ? "" : series;
  const network = Number.isInteger(seed) ? `seed ${seed}` : seed;
  return [layer, split, control, network, `epoch ${Number(digits(epoch))}`].filter(Boolean).join(", ");
}

// The plane, or one side of it over the epochs.
function drawPlane() {
  const plane = planeOf(chosen.kind);
  element("plane-title").textContent = plane.title;
  const variant = plane.variants[chosen.variant];
  const notes = !variant ? "not measured of this variant" : chosen.index > variant.last ? content.ended : "";
  const annotations = notes ? [{ text: notes, showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 }] : [];
  if (chosen.side === "both") drawBoth(plane, variant, annotations);
  else drawSide(plane, variant, annotations);
}

const CLOUD = { mode: "markers", hovertemplate: "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>" };

function drawBoth(plane, variant, annotations) {
  const rows = planeRows(plane);
  const traces = layersOf(plane).flatMap((layer) => {
    const { colour, symbol } = layerLook[layer];
    const of = (series) => {
      const own = rows.filter((row) => row.layer === layer && row.series === series);
      return { x: own.map(({ x }) => x), y: own.map(({ y }) => y), text: own.map(words), name: `${layer}, ${series}` };
    };
    const mean = of("mean"), way = of("way of the mean");
    return [
      { ...of("seed"), ...CLOUD, marker: { color: colour, symbol, size: 6, opacity: 0.45 } },
      { ...way, x: [...way.x, ...mean.x], y: [...way.y, ...mean.y], mode: "lines", hoverinfo: "skip",
        line: { color: colour, width: 2 }, opacity: 0.7 },
      { ...mean, ...CLOUD, marker: { color: colour, symbol, size: 13, line: { color: looks.ink, width: 1.2 } } },
    ];
  });
  drawn.plane = { rows, quantities: { x: plane.x.label, y: plane.y.label } };
  draw("plane", traces, {
    xaxis: axis(plane.x.label, { range: plane.x.range }),
    yaxis: axis(plane.y.label, { range: plane.y.range }),
    shapes: (variant?.lines ?? []).map(limit(plane)),
    annotations: [...annotations, ...together(variant?.lines ?? [], plane.x.range).flatMap(named)],
  });
}

function drawSide(plane, variant, annotations) {
  const { label, range } = plane[chosen.side];
  const rows = variant ? sideRows(plane) : [];
  const traces = layersOf(plane).flatMap((layer) => {
    const { colour, symbol } = layerLook[layer];
    const own = rows.filter((row) => row.layer === layer);
    const of = (series) => lines(own.filter((row) => row.series === series), ({ seed }) => (series === "mean" ? "" : seed),
      ({ epoch }) => position(epoch));
    return [
      { ...of("seed"), mode: "lines", hoverinfo: "skip", opacity: 0.25, line: { color: colour, width: 0.8 } },
      { ...of("mean"), mode: "lines+markers", line: { color: colour, width: 2.2 }, marker: { color: colour, symbol, size: 6 },
        hovertemplate: "%{text}<br>%{y:.4g}<extra></extra>" },
    ];
  });
  drawn.plane = { rows, quantities: { y: label } };
  draw("plane", traces, { xaxis: overEpochs(), yaxis: axis(label, { range }), shapes: [cursor()], annotations });
}

// A limit as a line through the plane; one with neither x nor y is the bisector.
const limit = (plane) => ({ name, x, y }) => {
  const low = Math.max(plane.x.range[0], plane.y.range[0]), high = Math.min(plane.x.range[1], plane.y.range[1]);
  const ends = x !== null ? { yref: "paper", x0: x, x1: x, y0: 0, y1: 1 }
    : y !== null ? { ...across, y0: y, y1: y }
      : { x0: low, x1: high, y0: low, y1: high };
  return { type: "line", layer: "between", ...ends,
    line: { color: name.includes("=") || name === "zero" ? looks.faint : looks.grey, width: 1, dash: name.includes("=") ? "solid" : "dash" } };
};

// Limits to be named; those too near for two labels, as S(X) and log₂ n often are, share one.
function together(lines, [low, high]) {
  const found = [];
  for (const line of lines) {
    const near = found.find(({ x }) => x !== null && line.x !== null && Math.abs(x - line.x) < 0.08 * (high - low));
    if (near) near.name += `, ${line.name}`;
    else found.push({ ...line });
  }
  return found;
}

function named({ name, x, y }) {
  const look = { text: name, showarrow: false, font: { size: 11, color: looks.muted } };
  if (name === "zero") return [];
  if (x !== null) return [{ ...look, x, yref: "paper", y: 1, yanchor: "bottom" }];
  if (y !== null) return [{ ...look, y, xref: "paper", x: 0, xanchor: "left", yanchor: "bottom" }];
  return [];
}

// Loss, accuracy or R², and signal-to-noise ratio, one under another.
function drawTraining() {
  const names = Object.keys(content.training.labels);
  const rows = {}, traces = [], shape = { margin: { l: 58, r: 20, t: 6, b: 38 } };
  const gap = 0.07, height = (1 + gap) / names.length;
  names.forEach((name, place) => {
    const number = place ? place + 1 : "";
    rows[name] = curveRows(name);
    for (const [split, own] of Map.groupBy(rows[name], (row) => row.split)) {
      const { colour, dash } = looks[split] ?? { colour: looks.ink, dash: "solid" };
      const of = (series) => lines(own.filter((row) => row.series === series),
        ({ seed }) => (series === "mean" ? "" : seed), ({ epoch }) => position(epoch));
      const place = { yaxis: `y${number}`, mode: "lines" };
      traces.push({ ...of("seed"), ...place, opacity: 0.25, hoverinfo: "skip", line: { color: colour, width: 0.7 } });
      traces.push({ ...of("mean"), ...place, name: split, line: { color: colour, dash, width: 2 },
        hovertemplate: "%{text}<br>%{y:.4g}<extra></extra>" });
    }
    const top = 1 - place * height, domain = [Math.max(top - height + gap, 0), top];
    const type = ["accuracy", "determination"].includes(name) ? { nticks: 6 } : logarithmic(rows[name].map(({ y }) => y));
    shape[`yaxis${number}`] = axis({ text: content.training.short[name], font: { size: 11 } }, { domain, ...type });
  });
  shape.xaxis = overEpochs({ anchor: `y${names.length > 1 ? names.length : ""}` });
  shape.shapes = trainingShapes();
  key("training-title", "Training", content.training.splits.map((split) => ({ text: split, ...looks[split] })));
  drawn.training = { rows: names.flatMap((name) => rows[name].map((row) => ({ ...row, name }))), quantities: content.training.labels };
  draw("training", traces, shape, { displayModeBar: false });
}

// The epoch, and where signal and noise of the gradients are equal.
function trainingShapes() {
  const place = Object.keys(content.training.labels).indexOf("signal_to_noise");
  const equal = { ...across, yref: `y${place ? place + 1 : ""}`, y0: 1, y1: 1,
    line: { color: looks.grey, width: 1, dash: "dash" } };
  return [cursor(), ...(place < 0 ? [] : [equal])];
}

// A logarithmic axis with a tick at every so many powers of ten, or at 1, 2 and 5 of each where there are few.
function logarithmic(values) {
  const powers = values.filter((value) => value > 0).map(Math.log10);
  if (!powers.length) return { type: "log", range: [-1, 1], dtick: 1 };
  const least = powers.reduce((one, other) => Math.min(one, other)), most = powers.reduce((one, other) => Math.max(one, other));
  if (most - least >= 2) return { type: "log", exponentformat: "power", dtick: Math.ceil((most - least) / 3) };
  const first = Math.floor(least), count = Math.ceil(most) - first + 1;
  const tickvals = Array.from({ length: count }, (_, place) => [1, 2, 5].map((digit) => digit * 10 ** (first + place))).flat();
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map((value) => `${Number(value.toPrecision(1))}`) };
}

// What the curves are at the epoch, in words.
function tellTraining() {
  const { epochs, labels } = content.training;
  const epoch = epochs[latest(epochs, now())];
  const of = (name) => drawn.training.rows.filter((row) => row.name === name && row.series === "mean" && row.epoch === epoch)
    .map(({ split, y }) => `${y.toPrecision(3)} ${name === "loss" ? split : ""}`.trim()).join(", ") || "none";
  element("readout").textContent = `Epoch ${Number(digits(epoch))}: `
    + Object.keys(labels).map((name) => `${content.training.short[name].toLowerCase()} ${of(name)}`).join(" · ");
}

// Both data-processing inequalities, as the figure of that name has them.
function drawChain() {
  const plane = planeOf("information");
  const variant = plane?.variants[chosen.variant];
  element("of-chain").hidden = !variant;
  drawn.chain = { rows: [], quantities: {} };
  if (!variant) return;
  const side = chosen.side === "y" ? "y" : "x", index = latest(plane.epochs, now());
  const label = plane[side].label.replace("Mutual information ", "");
  const steps = { forward: variant.chain.forward, ...(side === "x" && variant.chain.errors ? { error: variant.chain.backward } : {}) };
  const layers = layersOf(plane), traces = [];
  for (const [name, pairs] of Object.entries(steps)) {
    const rows = chainRows(plane, name, index).map((row) => ({ ...row, name }));
    traces.push(...chainTraces(rows, name, layers), crosses(rises(pairs, rows), name, layers));
    drawn.chain.rows.push(...rows);
    drawn.chain.quantities[name] = name === "error" ? plane.error : label;
  }
  const bound = variant.chain.bound[side];
  const longest = Math.max(0, ...layers.map((name) => name.length));
  const upright = layers.length * (longest + 1) * LETTER > element("chain").clientWidth - 80;
  const arrows = { forward: `${short(label)} →`, error: `errors, ${short(plane.error)} ←` };
  key("chain-title", "Chains of layers", Object.keys(steps).map((name) => ({ text: arrows[name], ...looks[name] })));
  draw("chain", traces, {
    xaxis: axis("", { tickvals: layers.map((_, place) => place), ticktext: layers, range: [-0.4, layers.length - 0.6],
      tickangle: upright ? -90 : 0 }),
    yaxis: axis("Bits", { range: chainRange(plane, variant, side) }),
    shapes: [{ ...across, y0: bound, y1: bound, line: { color: looks.grey, width: 1, dash: "dash" } }],
    annotations: [{ text: side === "x" ? "S(X)" : "S(Y)", showarrow: false, xref: "paper", x: 0, xanchor: "left", y: bound, yanchor: "bottom", font: { size: 11, color: looks.muted } }],
    margin: { l: 58, r: 20, t: 16, b: upright ? 10 + LETTER * longest : 26 },
  }, { displayModeBar: false });
}

function chainTraces(rows, name, layers) {
  const { colour, dash, symbol } = looks[name];
  const place = ({ layer }) => layers.indexOf(layer);
  const of = (series) => rows.filter((row) => row.series === series);
  const means = of("mean");
  const control = (series, color) => ({ ...lines(of(series), () => "", place), mode: "lines+markers", name: `${name}, ${series}`,
    line: { color, dash, width: 1 }, marker: { color, symbol, size: 4 }, hovertemplate: "%{text}<br>%{y:.4g}<extra></extra>" });
  return [
    control("shuffled samples", looks.shuffled),
    control("untrained", looks.untrained),
    { ...lines(of("seed"), ({ seed }) => seed, place), mode: "lines", hoverinfo: "skip", opacity: 0.25, line: { color: colour, width: 0.8 } },
    { ...lines(means, () => "", place), mode: "lines+markers", name, line: { color: colour, dash, width: 2 },
      marker: { color: colour, symbol, size: 7 }, error_y: { array: means.map(({ spread }) => spread), color: colour, thickness: 1.2, width: 3 },
      hovertemplate: `${name}, %{text}<br>%{y:.4g}<extra></extra>` },
  ];
}

function crosses(found, name, layers) {
  const middle = (of) => found.map((pair) => (of(pair[0]) + of(pair[1])) / 2);
  return { x: middle(({ layer }) => layers.indexOf(layer)), y: middle(({ y }) => y), mode: "markers", name: `${name}, violated`,
    text: found.map(([before, after]) => `${before.layer} → ${after.layer}: rises by ${digits(after.y - before.y)} bits`),
    marker: { symbol: "x", size: 11, color: "#ffffff", line: { color: looks[name].colour, width: 2 } },
    hovertemplate: "%{text}<extra></extra>" };
}

// One range for all epochs, so that the axis stands still: that of the plane, with the errors and a bound that is near.
function chainRange(plane, variant, side) {
  const errors = side === "x" && variant.chain.errors
    ? seedsOf(variant).flatMap((seed) => plane.layers.flatMap((_, place) =>
      plane.epochs.map((_, index) => variant.chain.errors(seed.index, place, index)))).filter(Number.isFinite) : [];
  const low = errors.reduce((least, value) => Math.min(least, value), Math.min(0, plane[side].range[0]));
  const high = errors.reduce((most, value) => Math.max(most, value), plane[side].range[1]);
  return [low, high + 0.04 * (high - low)];
}

// Verdicts that are judged with the estimator and the probe on the screen, or need none.
function drawVerdicts() {
  const own = content.verdicts.filter(({ estimator, split }) =>
    !estimator || (estimator === chosen.estimator && split === chosen.split));
  const rows = own.map((verdict) => {
    const row = document.createElement("tr");
    const cell = (text, kind = "") => Object.assign(row.insertCell(), { textContent: text, className: kind });
    const claim = cell("");
    claim.append(Object.assign(document.createElement("strong"), { textContent: verdict.id }), ` ${verdict.statement}`);
    const small = document.createElement("div");
    small.className = "quiet";
    small.textContent = `Measured: ${verdict.measured}; rule: ${verdict.rule}. ${verdict.remark}`;
    claim.append(small);
    cell(verdict.estimator ? `${verdict.estimator}, ${verdict.split} probe` : "no estimator");
    cell([verdict.effect, ...verdict.controls].join("; "));
    cell(verdict.verdict, `verdict ${verdict.verdict}`);
    return row;
  });
  element("verdicts").replaceChildren(...rows);
  const others = content.verdicts.length - own.length;
  element("others").textContent = others ? `${others} more verdicts are judged with other estimators or probes: choose them above.` : "";
}
