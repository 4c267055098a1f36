/**
 * @file The errors that manyworlds throws on purpose, and what each says about whose fault it is.
 *
 * A message reads *where: expected, got, remedy*. The classes carry the same facts as fields, so that a program can act
 * on them. Everything here except `DivergenceError` and `InterruptedError` is bad input. Any other exception that
 * reaches the CLI is a fault of ours: it exits with 1.
 */

/** Base of all errors below. */
export abstract class ManyworldsError extends Error {
  /** What a command-line program should return: 2 for bad input or divergence, 130 if interrupted, else 1. */
  abstract readonly exitCode: number;
  override get name(): string {
    return this.constructor.name;
  }
}

/** An array or matrix has a size that the operation cannot take. */
export class ShapeError extends ManyworldsError {
  readonly exitCode = 2;
}

/** An option or a combination of options makes no sense. */
export class ConfigError extends ManyworldsError {
  readonly exitCode = 2;
}

/** One option makes no sense where it was given. A command line says its flag in place of the option's name. */
export class OptionError extends ConfigError {
  /** As a program calls it, such as `batchSize`. */
  readonly option: string;
  private readonly say: (name: string) => string;

  /** `say`: the message, made of the name by which the option is called. */
  constructor(option: string, say: (name: string) => string) {
    super(say(option));
    this.option = option;
    this.say = say;
  }

  /** The same with another name for the option, such as `--batch-size`. */
  named(name: string): ConfigError {
    return new ConfigError(this.say(name), { cause: this });
  }
}

/** Where in which file a `FormatError` was found. */
export interface FileLocation {
  /** As the caller named it; several with commas between where they are at fault together. */
  readonly file: string;
  /** From 1. Left out: the file as a whole is at fault, or has no lines. */
  readonly line?: number;
}

/** A file does not hold what it should. The message starts with `file:line: `. */
export class FormatError extends ManyworldsError {
  readonly exitCode = 2;
  readonly location: FileLocation;
  /** The message without its location. */
  readonly problem: string;

  /** `problem` reads "expected …, got …; remedy". */
  constructor(location: FileLocation, problem: string, options?: ErrorOptions) {
    const where = location.line === undefined ? location.file : `${location.file}:${location.line}`;
    super(`${where}: ${problem}`, options);
    this.location = location;
    this.problem = problem;
  }
}

/** Two parties (threads, processes, machines) disagree about what a message means. */
export class ProtocolError extends ManyworldsError {
  readonly exitCode = 2;
}

/** A loss became NaN or infinite: that training stopped. Worlds finished before are untouched. */
export class DivergenceError extends ManyworldsError {
  readonly exitCode = 2;
  /** When: the step of the optimiser, the epoch of a sparse problem, the iteration of word vectors; from 1. */
  readonly step: number;

  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}

/** The user (SIGINT, SIGTERM or an AbortSignal) asked to stop. What was finished is on disk. */
export class InterruptedError extends ManyworldsError {
  readonly exitCode = 130;
}
