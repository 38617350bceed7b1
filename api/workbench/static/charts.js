// The two charts of a comparison: a row for each row of its table, as high and in the same order.

import { BarChart, FixedScaleAxis } from "./chartist.js";
import { h } from "./dom.js";

const NAMES_WIDTH = 128;
const LAST_TICK = 20;
const NARROWEST_GAIN = 0.02;
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5];
const CAP = 4;

/** F1 now and new, as bars. */
export function f1Chart(rows) {
  return chart(rows, (place, upwards) => {
    const series = [
      { className: "new", data: upwards.map(({ scores }) => scores.candidate) },
      { className: "now", data: upwards.map(({ scores }) => scores.active) },
    ];
    const axisX = { ...axis(place, 0, 1, 30), labelInterpolationFnc: rounded };
    return barChart(place, upwards, series, axisX);
  });
}

/** The gain as a bar from no gain, with its interval over it. */
export function gainChart(rows) {
  const low = Math.min(0, ...rows.map(({ scores }) => scores.low));
  const high = Math.max(0, low + NARROWEST_GAIN, ...rows.map(({ scores }) => scores.high));
  return chart(rows, (place, upwards) => {
    const data = upwards.map(({ scores }) => ({ value: scores.difference, meta: scores }));
    const axisX = { ...axis(place, low, high, 48), labelInterpolationFnc: signed };
    return barChart(place, upwards, [{ data }], axisX).on("draw", (drawn) => {
      if (drawn.type === "bar") interval(drawn);
      else if (drawn.type === "grid" && drawn.axis.ticks[drawn.index] === 0) {
        drawn.element.addClass("zero");
      }
    });
  });
}

function interval({ axisX, chartRect, element, group, meta, x2, y1 }) {
  const { low, high } = meta;
  const kind = low > 0 ? "gain" : high < 0 ? "loss" : "unclear";
  const [from, to] = [low, high].map((value) => chartRect.x1 + axisX.projectValue(value));
  const ends = `M${from},${y1 - CAP}v${2 * CAP}m0,${-CAP}H${to}m0,${-CAP}v${2 * CAP}`;
  element.addClass(kind);
  group.elem("path", { d: ends }, `interval ${kind}`);
  group.elem("circle", { cx: x2, cy: y1, r: CAP - 0.5 }, `middle ${kind}`);
}

/** From `low` to `high` at least, in round steps of at least `apart` pixels; 0 is one of them. */
function axis(place, low, high, apart) {
  const most = (place.clientWidth - NAMES_WIDTH - LAST_TICK) / apart;
  const count = (step) => Math.ceil(high / step) - Math.floor(low / step);
  const step = STEPS.find((one) => count(one) <= most) ?? 1;
  const first = Math.floor(low / step);
  const ticks = Array.from({ length: count(step) + 1 }, (_, index) => (first + index) * step);
  return { type: FixedScaleAxis, ticks, low: ticks[0], high: ticks.at(-1) };
}

function rounded(value) {
  return String(Number(Math.abs(value).toFixed(2)));
}

function signed(value) {
  const sign = value < 0 ? "−" : "+";
  return value === 0 ? "0" : sign + rounded(value);
}

/** Where a chart stands. It is drawn at every new size: in a closed fold it has none. */
function chart(rows, draw) {
  const place = h("div", { class: "chart", "aria-hidden": "true", "--rows": rows.length });
  // Chartist counts rows from the bottom.
  const upwards = rows.toReversed();
  let drawn = null;
  new ResizeObserver(() => {
    // Or it would go on listening to the window.
    drawn?.detach();
    drawn = place.clientWidth ? draw(place, upwards) : null;
  }).observe(place);
  return place;
}

function barChart(place, upwards, series, axisX) {
  const labels = upwards.map(({ name }) => name);
  return new BarChart(
    place,
    { labels, series },
    {
      horizontalBars: true,
      seriesBarDistance: 9,
      chartPadding: { top: 0, right: LAST_TICK, bottom: 0, left: 0 },
      axisX: { ...axisX, position: "start", offset: place.clientHeight / (labels.length + 1) },
      axisY: { offset: NAMES_WIDTH },
    },
  );
}
