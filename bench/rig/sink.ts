import type { SinkCounts } from "../../src/testing/fast-smtp-sink.ts";
import { startChild } from "./child.ts";

export type Sink = { port: number; counts(): Promise<SinkCounts>; close(): Promise<void> };

/** The fast SMTP sink in a process of its own. `append` names a file that gets a JSON line for each mail before its 250. */
export async function startSink({ append }: { append?: string } = {}): Promise<Sink> {
  const parameters = append === undefined ? [] : ["--append", append];
  const child = await startChild<{ port: number }>("../../src/testing/fast-smtp-sink-process.js", parameters);
  return { port: child.hello.port, counts: () => child.ask<SinkCounts>({}), close: child.close };
}
