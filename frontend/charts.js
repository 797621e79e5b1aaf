// One theme for all pictures: our colours, zero-based bars, intervals as bands; drawn anew when the theme changes.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const SERIES = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6"];

export function mount(element) {
  const data = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
  const canvas = document.createElement("div");
  canvas.className = "chart-inner";
  element.append(canvas);
  const chart = init(canvas, null, { renderer: "canvas" });
  const draw = () => chart.setOption(options(element.dataset.kind, data, element.clientWidth), true);
  draw();
  new ResizeObserver(() => (chart.resize(), draw())).observe(element);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

function options(kind, data, width) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const isFlat = kind === "bar" || kind === "funnel";
  const say = speaker(data.unit);
  const text = { color: colour("--text-soft"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  const values = {
    type: "value",
    min: kind === "line" || kind === "scatter" ? undefined : 0,
    ...wholeShares(data),
    axisLabel: { ...text, formatter: say, hideOverlap: true },
    splitLine: { lineStyle: { color: colour("--line-soft") } },
    splitNumber: isFlat && width < 480 ? 2 : 4,
  };
  const names = {
    type: "category",
    data: data.labels,
    inverse: isFlat,
    boundaryGap: !["line", "area"].includes(kind),
    axisLabel: { ...text, ...naming(kind, data.labels.length, width) },
    axisLine: { lineStyle: { color: colour("--line") } },
    axisTick: { show: false },
  };
  const isCrowd = data.series.length > 1;
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 250,
    textStyle: text,
    color: SERIES.map(colour),
    grid: { left: 4, right: isFlat ? 12 : 20, top: isCrowd ? 32 : 12, bottom: 4, containLabel: true },
    legend: { show: isCrowd, top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text, data: data.series.map((line) => line.name) },
    // Rich text, because the policy allows no style attribute inside an HTML tooltip.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: colour("--surface-raised"),
      borderColor: colour("--line"),
      textStyle: { ...text, color: colour("--text") },
      valueFormatter: (value) => (value == null ? "–" : say(value)),
      axisPointer: { type: isFlat || kind === "columns" || kind === "stacked" ? "shadow" : "line", shadowStyle: { color: colour("--hover") } },
    },
    xAxis: isFlat ? values : names,
    yAxis: isFlat ? names : values,
    series: data.series.flatMap((line, place) => drawn(kind, line, place, colour)),
  };
}

// Shares that reach for the whole end at a hundred percent, in quarters; round steps would lead beyond.
function wholeShares(data) {
  const top = Math.max(...data.series.flatMap((line) => line.values));
  return data.unit === "percent" && top > 0.8 && top <= 1 ? { max: 1, interval: 0.25 } : {};
}

// Few bars all keep their names, broken into lines; where there are many, some names stand for the rest.
function naming(kind, count, width) {
  if (kind === "bar" || kind === "funnel") return { interval: 0, width: width / 3, overflow: "break" };
  if (kind !== "columns" || count > 7) return { hideOverlap: true };
  return { interval: 0, width: (width - 56) / count - 8, overflow: "break" };
}

function drawn(kind, line, place, colour) {
  const ink = line.tone ? colour(`--tone-${line.tone}`) : colour(SERIES[place % SERIES.length]);
  const shape = { name: line.name, data: line.values, itemStyle: { color: ink }, emphasis: { focus: "none" } };
  if (kind === "line" || kind === "area") {
    const picture = { ...shape, type: "line", smooth: 0.2, showSymbol: line.values.length < 3, symbolSize: 6, lineStyle: { width: 2, color: ink } };
    if (kind === "area") picture.areaStyle = { color: ink, opacity: 0.12 };
    return [picture, ...band(line, ink)];
  }
  if (kind === "scatter") return [{ ...shape, type: "scatter", symbolSize: 8 }];
  const bar = { ...shape, type: "bar", barMaxWidth: 28, barCategoryGap: "35%", stack: kind === "stacked" ? "all" : undefined };
  bar.itemStyle = { color: ink, borderRadius: kind === "stacked" ? 0 : kind === "columns" ? [3, 3, 0, 0] : [0, 3, 3, 0] };
  return [bar, ...whiskers(kind, line, colour)];
}

function band(line, ink) {
  if (!line.low) return [];
  const silent = { type: "line", symbol: "none", silent: true, lineStyle: { opacity: 0 }, stack: `band ${line.name}`, tooltip: { show: false } };
  const width = line.high.map((high, at) => (high == null ? null : high - line.low[at]));
  return [{ ...silent, name: `${line.name} low`, data: line.low }, { ...silent, name: `${line.name} high`, data: width, areaStyle: { color: ink, opacity: 0.14 } }];
}

function whiskers(kind, line, colour) {
  if (!line.low || kind === "stacked") return [];
  const isFlat = kind === "bar" || kind === "funnel";
  const spans = line.low.map((low, at) => [at, low, line.high[at]]);
  const stroke = { stroke: colour("--text-soft"), lineWidth: 1.5 };
  return [
    {
      type: "custom", silent: true, tooltip: { show: false }, data: spans, z: 5,
      encode: isFlat ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
      renderItem(_, api) {
        const place = (value) => api.coord(isFlat ? [value, api.value(0)] : [api.value(0), value]);
        const [from, to] = [place(api.value(1)), place(api.value(2))];
        const [dx, dy] = isFlat ? [0, 4] : [4, 0];
        const stroked = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: stroke });
        return { type: "group", children: [stroked(...from, ...to), ...[from, to].map(([x, y]) => stroked(x - dx, y - dy, x + dx, y + dy))] };
      },
    },
  ];
}

function speaker(unit) {
  const locale = document.documentElement.lang;
  if (unit === "percent") return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format;
  if (unit.startsWith("money:")) return new Intl.NumberFormat(locale, { style: "currency", currency: unit.slice(6), maximumFractionDigits: 0 }).format;
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format;
}
