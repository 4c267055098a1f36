/** @file How do numbers become a picture? Line charts as SVG text, without a browser. */
export type { Axis, Scale } from "./axis.js";
export { type Annotation, type LineChart, lineChart, type Point, type Series } from "./line-chart.js";
