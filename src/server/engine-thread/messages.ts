import type { Configuration } from "../configuration.ts";

/** What the thread is started with. */
export type ThreadStart = { configuration: Configuration; url: string; isEmbedded: boolean; worker: string };

/** What the thread is told. */
export type ToThread = { kind: "start" } | { kind: "signal"; lanes: number[] } | { kind: "poke" } | { kind: "stop" };

export type PassFigures = { items: number; effects: { kind: string }[]; unleased: number };

/** What the thread tells. `failed` answers `start` or `stop` with the sentence of the error. */
export type FromThread =
  | { kind: "started" }
  | { kind: "stopped" }
  | { kind: "failed"; message: string }
  | { kind: "remote"; lanes: number[]; outbox: boolean }
  | { kind: "pass"; pass: PassFigures; ms: number };
