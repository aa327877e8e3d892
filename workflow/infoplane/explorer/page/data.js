"use strict";
// What the page holds, what of it is chosen, and the rows of numbers that the panels draw and the CSV lists.

const content = JSON.parse(document.getElementById("content").textContent, (_, value) =>
  typeof value?.base64 === "string" ? unpacked(value) : value);
const chosen = {
  variant: content.variants[0].name,
  kind: content.planes[0]?.kind,
  estimator: content.planes[0]?.estimator,
  split: content.planes[0]?.split,
  side: "both",
  layers: new Set(content.layers.map(({ name }) => name)),
  seeds: new Set(seeds()),
  index: 0, // of the epoch, among those of the clock
};

// A function that finds a number of an array by its place.
function unpacked({ shape, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  return (...place) => values[place.reduce((index, at, axis) => index * shape[axis] + at, 0)];
}

function seeds() {
  const held = [...content.planes, content.training ?? {}].flatMap(({ variants }) => Object.values(variants ?? {}));
  return [...new Set(held.flatMap((variant) => variant.seeds))].sort((one, other) => one - other);
}

function planeOf(kind) {
  return content.planes.find((plane) =>
    plane.kind === kind && plane.estimator === chosen.estimator && plane.split === chosen.split);
}

const clock = () => planeOf(chosen.kind)?.epochs ?? content.training?.epochs ?? [0];
const now = () => clock()[chosen.index];
const latest = (epochs, epoch) => epochs.findLastIndex((each) => each <= epoch);
const position = (epoch) => (epoch === 0 ? content.scale.zero : epoch);
const layersOf = (plane) => plane.layers.filter((layer) => chosen.layers.has(layer));
const seedsOf = (variant) => variant.seeds.map((seed, index) => ({ seed, index })).filter(({ seed }) => chosen.seeds.has(seed));

// Mean, standard deviation and number of those values that are numbers; nothing if none is.
function summed(values) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : null, count: known.length };
}

// Points of the plane at an epoch: every chosen seed of every chosen layer, and their mean.
function pointsAt(plane, index) {
  const variant = plane.variants[chosen.variant];
  if (!variant) return [];
  return layersOf(plane).flatMap((layer) => {
    const [place, of] = [plane.layers.indexOf(layer), seedsOf(variant)];
    const value = (seed, axis) => variant.points(seed.index, place, index, axis);
    const each = of.map((seed) => ({ series: "seed", layer, seed: seed.seed, x: value(seed, 0), y: value(seed, 1) }));
    const known = each.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    const [x, y] = ["x", "y"].map((axis) => summed(known.map((point) => point[axis])));
    const mean = x && { series: "mean", layer, seed: `mean of ${x.count}`, x: x.mean, y: y.mean };
    return [...known, ...(mean ? [mean] : [])].map((row) => ({ ...row, epoch: plane.epochs[index] }));
  });
}

// The points now, and where the means were at the epochs measured before.
function planeRows(plane) {
  const first = Math.max(0, chosen.index - content.trail);
  const past = Array.from({ length: chosen.index - first }, (_, age) => pointsAt(plane, first + age)
    .filter(({ series }) => series === "mean").map((row) => ({ ...row, series: "way of the mean" })));
  return [...past.flat(), ...pointsAt(plane, chosen.index)];
}

// One side of the plane over all epochs.
const sideRows = (plane) => plane.epochs.flatMap((_, index) => pointsAt(plane, index))
  .map(({ x, y, ...row }) => ({ ...row, y: chosen.side === "x" ? x : y }));

// A curve of the training over all epochs, of every split, seed by seed and in the mean.
function curveRows(name) {
  const { epochs, splits, variants } = content.training;
  const variant = variants[chosen.variant];
  return (name === "signal_to_noise" ? [""] : splits).flatMap((split, place) => {
    const value = (seed, at) => variant[name](place, seed.index, at);
    const of = seedsOf(variant);
    const means = epochs.map((_, at) => summed(of.map((seed) => value(seed, at))));
    const rows = [
      ...of.flatMap((seed) => epochs.map((epoch, at) => ({ series: "seed", seed: seed.seed, epoch, y: value(seed, at) }))),
      ...epochs.map((epoch, at) => ({ series: "mean", seed: `mean of ${means[at]?.count}`, epoch, y: means[at]?.mean })),
    ];
    return rows.filter(({ y }) => Number.isFinite(y)).map((row) => ({ ...row, split }));
  });
}

// A chain of layers at an epoch: every seed, the mean with its spread, and the same of controls; rises break it.
function chainRows(plane, name, index) {
  const variant = plane.variants[chosen.variant];
  const { chain } = variant;
  const axis = chosen.side === "y" ? 1 : 0;
  const value = (seed, place, at) =>
    name === "error" ? chain.errors(seed.index, place, at) : variant.points(seed.index, place, at, axis);
  const shuffled = chain.shuffled[name === "error" ? "errors" : "xy"[axis]];
  const control = (series, y) => ({ series, seed: "mean", y });
  return layersOf(plane).flatMap((layer) => {
    const place = plane.layers.indexOf(layer);
    const of = seedsOf(variant).map((seed) => ({ series: "seed", seed: seed.seed, y: value(seed, place, index) }));
    const mean = summed(of.map(({ y }) => y));
    const untrained = plane.epochs[0] === 0 && index > 0
      ? [control("untrained", summed(seedsOf(variant).map((seed) => value(seed, place, 0)))?.mean)] : [];
    return [
      ...(shuffled ? [control("shuffled samples", shuffled(place, index))] : []),
      ...untrained,
      ...of,
      ...(mean ? [{ series: "mean", seed: `mean of ${mean.count}`, y: mean.mean, spread: mean.spread }] : []),
    ].filter(({ y }) => Number.isFinite(y)).map((row) => ({ ...row, layer, epoch: plane.epochs[index] }));
  });
}

// Steps of a chain on which the mean rises by more than the tolerance: [before, after], as rows.
function rises(steps, rows) {
  const means = new Map(rows.filter(({ series }) => series === "mean").map((row) => [row.layer, row]));
  return steps.map((pair) => pair.map((layer) => means.get(layer)))
    .filter(([before, after]) => before && after && after.y - before.y > content.tolerance);
}
