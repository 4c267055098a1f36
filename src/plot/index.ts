/** @file How do numbers become a picture? Line charts and maps of named points as SVG text, without a browser. */

export type { Axis, Scale } from "./axis.js";
export { type Bar, type BarChart, barChart } from "./bar-chart.js";
export { type Annotation, type LineChart, lineChart, type Point, type Series } from "./line-chart.js";
export { type NamedPoint, type ScatterChart, scatterChart } from "./scatter-chart.js";
