/** @file How did training go, at a glance? Training and validation losses against epochs, as an SVG. */
import { lineChart, type Point, type Scale, type Series } from "../plot/index.js";
import type { TrainingHistory } from "./training-history.js";

/** What `lossPlot` draws, and how large. */
export interface LossPlotOptions {
  /** Default "Loss while training". */
  readonly title?: string;
  /** The validation metric drawn beside the training loss, where validations have it. Default "loss". */
  readonly metric?: string;
  /** Of the losses. Default "linear". */
  readonly scale?: Scale;
  /** Pixels; defaults of `lineChart`. */
  readonly width?: number;
  readonly height?: number;
}

/** Fewer epochs than this are drawn step by step: their means would be hardly a curve. */
const FEW_EPOCHS = 8;

/** Draws losses against epochs. @returns SVG text. @throws {ConfigError} for a history without a step. */
export function lossPlot(history: TrainingHistory, options: LossPlotOptions = {}): string {
  const { title = "Loss while training", metric = "loss", scale = "linear", ...size } = options;
  const { steps, epochs, validations, best } = history;
  const training = epochs.length < FEW_EPOCHS ? steps : epochs;
  const series: Series[] = [{ name: "training", points: training.map(({ epoch, loss }): Point => [epoch, loss]) }];
  const measured = validations.filter(({ metrics }) => metrics[metric] !== undefined);
  if (measured.length > 0) {
    series.push({
      name: "validation",
      points: measured.map(({ epoch, metrics }): Point => [epoch, metrics[metric]]),
      dots: measured.length <= FEW_EPOCHS,
    });
  }
  const isDrawn = best !== null && best.metric === metric;
  const annotations = isDrawn
    ? [{ x: best.epoch, y: best.value, text: `best ${Number(best.value.toPrecision(3))}` }]
    : [];
  return lineChart({ title, x: { label: "epoch" }, y: { label: "mean loss", scale }, series, annotations, ...size });
}
