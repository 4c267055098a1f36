/** @file What everything may use: errors, ids, seeded randomness. */
export {
  ConfigError,
  DivergenceError,
  type FileLocation,
  FormatError,
  InterruptedError,
  ManyworldsError,
  OptionError,
  ProtocolError,
  ShapeError,
} from "./errors.js";
export type { BucketId, LabelId, WorldId } from "./ids.js";
export { mix32, Rng } from "./rng.js";
